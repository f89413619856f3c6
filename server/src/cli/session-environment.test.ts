import { describe, expect, test } from 'vitest'
import { runtimeVariables, sessionEnvironment } from './session-environment.ts'

const session = { RS_SERVER_ADDRESS: 'https://bench.corp.example:8443/base', POSIT_PRODUCT: 'WORKBENCH' }
const account = { name: 'ada', uid: 1001, gid: 1001, home: '/home/ada', shell: '/bin/bash' }
const facts = { session, account: undefined, executableDir: '/opt/benchkey' }

describe('sessionEnvironment', () => {
  test("keeps the caller's variables and lets the session's win", () => {
    const own = { PATH: '/usr/bin', LANG: 'C.UTF-8', POSIT_PRODUCT: 'other' }
    expect(sessionEnvironment({ ...facts, own })).toEqual({
      LANG: 'C.UTF-8',
      POSIT_PRODUCT: 'WORKBENCH',
      RS_SERVER_ADDRESS: session.RS_SERVER_ADDRESS,
      PATH: '/opt/benchkey:/usr/bin',
      no_proxy: 'bench.corp.example',
      NO_PROXY: 'bench.corp.example',
    })
  })

  test("tells nothing of the server's files and no other session's cookie", () => {
    const own = { BENCHKEY_CONFIG_DIR: '/c', BENCHKEY_DATA_DIR: '/d', RS_SESSION_RPC_COOKIE: 'x', CREDENTIALS_DIRECTORY: '/k' }
    const made = sessionEnvironment({ ...facts, own })
    for (const name of Object.keys(own)) expect(made).not.toHaveProperty(name)
  })

  test("of another account has that account's home and none of the caller's secrets", () => {
    const secrets = { AWS_SECRET_ACCESS_KEY: 'k', GITHUB_TOKEN: 't', SSH_AUTH_SOCK: '/s', XDG_RUNTIME_DIR: '/run/user/0' }
    const proxies = { https_proxy: 'http://proxy.example:3128', HTTP_PROXY: 'http://op:password@proxy.example:3128' }
    const usual = { HOME: '/root', USER: 'root', EDITOR: 'vi', LC_ALL: 'C.UTF-8', TERM: 'xterm', CURL_CA_BUNDLE: '/ca.pem' }
    const made = sessionEnvironment({ ...facts, own: { ...usual, ...secrets, ...proxies }, account })
    expect(made).toMatchObject({ HOME: '/home/ada', USER: 'ada', LOGNAME: 'ada', SHELL: '/bin/bash', EDITOR: 'vi' })
    expect(made).toMatchObject({ LC_ALL: 'C.UTF-8', TERM: 'xterm', CURL_CA_BUNDLE: '/ca.pem', https_proxy: proxies.https_proxy })
    for (const name of [...Object.keys(secrets), 'HTTP_PROXY']) expect(made).not.toHaveProperty(name)
  })

  test.each([
    [{ no_proxy: 'a.example, b.example' }, 'a.example,b.example,bench.corp.example'],
    [{ NO_PROXY: 'a.example' }, 'a.example,bench.corp.example'],
    [{ no_proxy: '*' }, '*'],
    [{ no_proxy: 'bench.corp.example' }, 'bench.corp.example'],
    [{ no_proxy: '' }, 'bench.corp.example'],
  ])('adds Benchkey to the exceptions from the proxy: %j', (own, expected) => {
    expect(sessionEnvironment({ ...facts, own })).toMatchObject({ no_proxy: expected, NO_PROXY: expected })
  })

  test('names an IPv6 address among the exceptions without brackets', () => {
    const made = sessionEnvironment({ ...facts, own: {}, session: { RS_SERVER_ADDRESS: 'https://[::1]:8443' } })
    expect(made.no_proxy).toBe('::1')
  })

  test("forgets npm's own variables when npm ran us", () => {
    const own = { npm_lifecycle_event: 'benchkey', npm_config_user_agent: 'x', INIT_CWD: '/w' }
    expect(Object.keys(sessionEnvironment({ ...facts, own })).filter((name) => /npm|INIT/.test(name))).toEqual([])
    expect(sessionEnvironment({ ...facts, own: { npm_config_cache: '/c' } })).toHaveProperty('npm_config_cache')
  })
})

test('runtimeVariables name the bundle only when there is one', () => {
  expect(runtimeVariables('/r', undefined)).toEqual({ PWB_SESSION_RUNTIME_DIR: '/r', BENCHKEY_SESSION_RUNTIME_DIR: '/r' })
  expect(runtimeVariables('/r', '/r/b')).toMatchObject({ REQUESTS_CA_BUNDLE: '/r/b', CURL_CA_BUNDLE: '/r/b' })
})
