import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import {
  type FakeReply,
  fakeRpc,
  runBenchkey,
  type SeenRequest,
  startBenchkey,
  untilTestEnds,
} from '../../testing/command-line.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const LIST = {
  providers: [
    {
      type: 'custom',
      integrations: [
        {
          type: 'custom',
          uid: UID,
          name: 'box-integration',
          display_name: 'Box API Access',
          label: 'Signed in · renews itself',
          state: 'signed_in',
        },
      ],
    },
  ],
}

let folder: string
let certificates: Certificates

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-token-test-'))
  certificates = await makeCertificates(folder)
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a command against a server that lists one integration and answers `/oauth_token` as told. */
async function against(
  token: FakeReply,
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string; seen: SeenRequest[] }> {
  const server = await untilTestEnds(
    fakeRpc(certificates, (request) => (request.path === '/oauth_integrations' ? { body: LIST } : token)),
  )
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'a|b|c', REQUESTS_CA_BUNDLE: certificates.caFile }
  return { ...(await runBenchkey(args, { ...session, ...environment })), seen: server.seen }
}

const served: FakeReply = { body: { access_token: 'abc.DEF', expiry: '2096-12-31T23:59:59Z' } }

describe('benchkey token', () => {
  test('prints the token alone', async () => {
    const { code, stdout, stderr, seen } = await against(served, ['token', 'box api access', '--min-ttl', '60'])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'abc.DEF\n', stderr: '' })
    expect(seen.at(-1)).toMatchObject({ cookie: 'a|b|c', body: { kwparams: { uuid: UID, min_ttl: 60 } } })
  })

  test('--header prints what curl -H @- reads', async () => {
    expect((await against(served, ['token', UID, '--header'])).stdout).toBe('Authorization: Bearer abc.DEF\n')
  })

  test('--json prints the reply', async () => {
    expect(JSON.parse((await against(served, ['token', UID, '--json'])).stdout)).toEqual(served.body)
  })

  test('a warning goes to stderr', async () => {
    const reply = { body: { ...(served.body as object), warning: 'Renewal is delayed.' } }
    const { code, stdout, stderr } = await against(reply, ['token', UID])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'abc.DEF\n', stderr: 'benchkey: Renewal is delayed.\n' })
  })

  test('a sign-in that is needed exits with 4, fact and act on two lines', async () => {
    const explanation = 'You are not signed in to Box API Access.'
    const action = 'Sign in at https://b.example/sign-in/box-integration, then run this again.'
    const reply = { body: { error: `${explanation} ${action}`, explanation, action, code: 'not_signed_in' } }
    const { code, stdout, stderr } = await against(reply, ['token', 'box-integration'])
    expect({ code, stdout, stderr }).toEqual({ code: 4, stdout: '', stderr: `benchkey: ${explanation}\n  ${action}\n` })
  })

  test.each([
    ['reauthentication_required', 4],
    ['provider_unavailable', 75],
    ['database_unavailable', 75],
    ['configuration_error', 1],
    ['unknown_integration', 1],
  ])('%s exits with %i', async (code, exitCode) => {
    const reply = await against({ body: { error: 'A fact. An act.', code } }, ['token', UID])
    expect(reply).toMatchObject({ code: exitCode, stdout: '', stderr: 'benchkey: A fact.\n  An act.\n' })
  })

  test('a session that is over exits with 1', async () => {
    const reply = await against({ status: 401, body: 'This session has ended. Open a new one.' }, ['token', UID])
    expect(reply).toMatchObject({ code: 1, stderr: 'benchkey: This session has ended.\n  Open a new one.\n' })
  })

  test('a server of an unknown authority gets no cookie', async () => {
    const { code, stderr, seen } = await against(served, ['token', UID], { REQUESTS_CA_BUNDLE: '' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^benchkey: The certificate of localhost:\d+ is not trusted here \([A-Z_]+\)\.\n {2}Run this inside/)
    expect(seen).toEqual([])
  })

  test('nor does it where the environment says to trust everybody', async () => {
    const { code, stderr, seen } = await against(served, ['token', UID], {
      ...{ REQUESTS_CA_BUNDLE: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    })
    expect({ code, seen }).toEqual({ code: 1, seen: [] })
    expect(stderr).toContain('is not trusted here')
  })

  describe('where a session leaves Benchkey’s own authority beside the cookie', () => {
    async function runtimeWith(authority: string, bundle: string): Promise<Record<string, string>> {
      const directory = mkdtempSync(join(folder, 'runtime-'))
      writeFileSync(join(directory, 'rpc_cookie'), 'a|b|c\n')
      writeFileSync(join(directory, 'authority.pem'), authority)
      writeFileSync(join(directory, 'ca-bundle.pem'), bundle)
      return { PWB_SESSION_RUNTIME_DIR: directory, REQUESTS_CA_BUNDLE: join(directory, 'ca-bundle.pem') }
    }

    test('it is trusted without the bundle', async () => {
      const session = await runtimeWith(certificates.ca, 'no certificate at all')
      expect((await against(served, ['token', UID], session)).stdout).toBe('abc.DEF\n')
    })

    test('the bundle is read when the server has moved to another authority', async () => {
      const { ca } = await makeCertificates(mkdtempSync(join(folder, 'other-')))
      const session = await runtimeWith(ca, certificates.ca)
      expect((await against(served, ['token', UID], session)).stdout).toBe('abc.DEF\n')
    })

    test('another bundle that somebody named goes before it', async () => {
      const { caFile } = await makeCertificates(mkdtempSync(join(folder, 'other-')))
      const session = { ...(await runtimeWith(certificates.ca, certificates.ca)), REQUESTS_CA_BUNDLE: caFile }
      const { code, stderr, seen } = await against(served, ['token', UID], session)
      expect({ code, seen }).toEqual({ code: 1, seen: [] })
      expect(stderr).toContain('is not trusted here')
    })
  })

  test('a proxy of the environment is not asked', async () => {
    const proxies = { https_proxy: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' }
    expect((await against(served, ['token', UID], proxies)).stdout).toBe('abc.DEF\n')
  })

  test.each([
    ['--min-ttl', 'soon'],
    ['--min-ttl', '-1'],
    ['--header', '--json'],
  ])('%s %s is not understood and asks nobody', async (...options) => {
    const { code, seen } = await against(served, ['token', UID, ...options])
    expect(code).toBe(2)
    expect(seen).toEqual([])
  })

  test('outside a session it says how to get one', async () => {
    const { code, stderr } = await runBenchkey(['token', 'box'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'benchkey: This is not a Benchkey session: RS_SERVER_ADDRESS is not set.\n  Run this inside a session, or log this terminal in: benchkey login.\n',
    )
  })
})

describe('benchkey integrations', () => {
  test('lists names, IDs and states', async () => {
    expect((await against(served, ['integrations'])).stdout).toBe(
      `NAME            SECTION          ID                                    STATE\nBox API Access  box-integration  ${UID}  Signed in · renews itself\n`,
    )
  })

  test('--json prints the integrations as the server sends them', async () => {
    const { stdout } = await against(served, ['integration', '--json'])
    expect(JSON.parse(stdout)).toEqual(LIST.providers[0]?.integrations)
  })
})

test('a reader that stops reading is no failure', async () => {
  const { child, finished } = startBenchkey(['--help'])
  child.stdout?.destroy()
  expect(await finished).toMatchObject({ code: 0, stderr: '' })
})

test('SIGUSR1 does not open the inspector', async () => {
  const reached = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const server = await untilTestEnds(
    fakeRpc(certificates, async () => {
      reached.resolve()
      await release.promise
      return served
    }),
  )
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'c', REQUESTS_CA_BUNDLE: certificates.caFile }
  const { child, finished } = startBenchkey(['token', UID], session)
  await reached.promise
  child.kill('SIGUSR1')
  release.resolve()
  expect(await finished).toEqual({ code: 0, stdout: 'abc.DEF\n', stderr: '' })
})
