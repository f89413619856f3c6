import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentOfSession, lastServer, loginPlace } from './terminal.ts'

const URL_OF = 'https://bench.example:8443/b'

let home: string
let root: string
let directory: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'benchkey-sdk-terminal-'))
  root = join(home, '.local/state/benchkey')
  directory = join(root, 'server-bench.example%3A8443%2Fb')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(root, 0o700)
  writeFileSync(join(root, 'current'), `${URL_OF}\n`)
  write({ environment: { RS_SERVER_ADDRESS: URL_OF, LD_PRELOAD: '/evil.so' } })
})
afterEach(() => rmSync(home, { recursive: true }))

const write = (session: object): void => writeFileSync(join(directory, 'session.json'), JSON.stringify(session))

describe('the session of a process', () => {
  it('is that of its variables, whatever its terminal was logged in to', () => {
    for (const name of ['RS_SERVER_ADDRESS', 'BENCHKEY_SERVER_ADDRESS']) {
      const environment = { HOME: home, [name]: 'https://other.example' }
      expect(environmentOfSession(environment)).toBe(environment)
    }
  })

  it('is outside of one the last log-in, of whose file only the variables of a session count', () => {
    const given = { HOME: home, BENCHKEY_SERVER_SOCKET: '/s', RS_SESSION_RPC_COOKIE: 'of another', PATH: '/bin' }
    expect(environmentOfSession(given)).toEqual({
      ...{ HOME: home, PATH: '/bin', RS_SERVER_ADDRESS: URL_OF },
      ...{ PWB_SESSION_RUNTIME_DIR: directory, BENCHKEY_SESSION_RUNTIME_DIR: directory },
    })
  })

  it('has the bundle of a log-in with an authority of its own', () => {
    write({ environment: { RS_SERVER_ADDRESS: URL_OF }, has_bundle: true })
    const bundle = join(directory, 'ca-bundle.pem')
    expect(environmentOfSession({ HOME: home })).toMatchObject({ REQUESTS_CA_BUNDLE: bundle, CURL_CA_BUNDLE: bundle })
  })

  it.each([
    ['no home', {}],
    ['a relative home', { HOME: 'relative' }],
    ['another home', { HOME: '/nonexistent' }],
    ['another place of state', { XDG_STATE_HOME: '/nonexistent' }],
    ['another server', { BENCHKEY_SERVER_URL: 'https://other.example' }],
    ['a server that is no URL', { BENCHKEY_SERVER_URL: 'bench' }],
  ])('is none with %s', (_what, change) => {
    const environment = 'HOME' in change || Object.keys(change).length === 0 ? change : { HOME: home, ...change }
    expect(environmentOfSession(environment)).toBe(environment)
  })

  it('is found where XDG_STATE_HOME says, an absolute one', () => {
    expect(lastServer({ XDG_STATE_HOME: join(home, '.local/state') })).toBe(URL_OF)
    expect(lastServer({ HOME: home, XDG_STATE_HOME: 'relative' })).toBe(URL_OF)
  })
})

describe('a log-in is not used', () => {
  const refused = (words: string) =>
    expect(() => environmentOfSession({ HOME: home, BENCHKEY_SERVER_URL: URL_OF })).toThrow(words)

  it('when others may read or write its directory, or the one above', () => {
    for (const path of [directory, root]) {
      for (const mode of [0o701, 0o740, 0o720]) {
        chmodSync(path, mode)
        refused(`${path} is open to others.`)
      }
      chmodSync(path, 0o700)
    }
  })

  it('when its directory is a link, or none', () => {
    rmSync(directory, { recursive: true })
    symlinkSync(home, directory)
    refused(`${directory} is a link.`)
    rmSync(directory)
    writeFileSync(directory, '')
    refused(`${directory} is no directory.`)
  })

  it('when what is written there is none', () => {
    writeFileSync(join(directory, 'session.json'), 'null')
    refused(`${directory} is damaged.`)
  })
})

it('no two servers share a place, and none lies above another', () => {
  const urls = [
    'https://a.example',
    'https://a.example:8443',
    'https://a.example/b',
    'https://a.example/b/c',
    'https://b.example/a',
  ]
  const places = urls.map((url) => loginPlace({ HOME: home }, url)?.directory ?? '')
  expect(new Set(places).size).toBe(urls.length)
  expect(places.every((place) => place.startsWith(`${root}/server-`) && !place.slice(root.length + 1).includes('/'))).toBe(true)
  expect(loginPlace({ HOME: home }, 'https://a.example/')?.directory).toBe(places[0])
})
