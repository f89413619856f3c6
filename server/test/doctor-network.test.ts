import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Authority, makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { type FakeReply, type FakeServer, fakeRpc, runBenchkey, untilTestEnds } from '../testing/command-line.ts'
import { copySession, type DoctorRoom, findings, startProxy } from '../testing/doctor-room.ts'
import { openShell, type SessionShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'

const DAY_MS = 86_400_000
const LIST: FakeReply = { body: { providers: [{ integrations: [{ authenticated: true, state: 'signed_in' }] }] } }

let world: SessionWorld
let shell: SessionShell
let room: DoctorRoom
/** An authority of the test's own, in a file beside what the session trusts. */
let authority: Authority
let bundle: string

beforeAll(async () => {
  world = await startSessionWorld()
  shell = openShell(world.files)
  room = copySession((await shell.ask('env')).stdout)
  authority = await makeAuthority()
  bundle = file('bundle.pem', readFileSync(room.variables.REQUESTS_CA_BUNDLE ?? '', 'utf8') + authority.pem)
})

afterAll(async () => {
  await shell.exit()
  rmSync(room.folder, { recursive: true })
  expect(await world.close()).toBe(0)
})

function file(name: string, text: string): string {
  const path = join(room.folder, name)
  writeFileSync(path, text)
  return path
}

/** A server of the test's own in Benchkey's place. */
async function fake(reply: FakeReply = LIST, names = ['localhost'], instants = {}): Promise<FakeServer> {
  const leaf = await makeLeaf(authority, names, instants)
  return await untilTestEnds(fakeRpc(leaf, () => reply))
}

const at = (address: string): Record<string, string> => ({
  RS_SERVER_ADDRESS: address,
  BENCHKEY_SERVER_ADDRESS: address,
  REQUESTS_CA_BUNDLE: bundle,
  CURL_CA_BUNDLE: bundle,
})

describe('benchkey doctor finds about the address', () => {
  test.each([
    ['bench.corp.example', 1, '✗ RS_SERVER_ADDRESS is not a URL.'],
    ['https://bench.corp.example ', 1, '✗ RS_SERVER_ADDRESS is not a URL.'],
    ['https://ada:pass-word@bench.corp.example', 1, '✗ RS_SERVER_ADDRESS holds more than scheme, host, port and path.'],
    [
      'http://bench.corp.example',
      1,
      '✗ RS_SERVER_ADDRESS begins with http://; the cookie goes by https only, or by http on this machine itself.',
    ],
    ['https://nowhere.invalid', 75, expect.stringMatching(/^✗ The name nowhere\.invalid was not found \([A-Z_]+\)\.$/)],
    ['https://127.0.0.1:9', 75, '✗ 127.0.0.1 refuses connections on port 9.'],
  ])('%s', async (address, code, sentence) => {
    const finished = await room.examine(at(address))
    expect(findings(finished).map((line) => line.split(' | ')[0])).toEqual([sentence])
    expect(finished.code).toBe(code)
    expect(finished.stdout).not.toContain('pass-word')
  })

  test('that it is another than sessions are to use', async () => {
    const { port } = world.files
    const finished = await room.examine(at(`https://127.0.0.1:${port}`))
    expect(findings(finished)).toEqual([
      `✗ Benchkey answers at 127.0.0.1:${port}, but takes no calls of sessions under this address (421). | ` +
        'Tell your administrator: launcher-sessions-callback-address in benchkey.conf has to be this address.',
    ])
    expect(finished.code).toBe(1)
  })
})

describe('benchkey doctor finds about the certificate', () => {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const soon = Date.now() + 3 * DAY_MS
  const yesterday = Date.now() - DAY_MS

  test.each([
    [
      'that it has ended',
      ['localhost'],
      { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(yesterday) },
      1,
      `✗ The certificate of localhost ended on ${day(yesterday)}.`,
    ],
    [
      'that it begins later',
      ['localhost'],
      { notBefore: new Date(soon) },
      1,
      `✗ The certificate of localhost begins on ${day(soon)} only.`,
    ],
    ['that it ends soon', ['localhost'], { notAfter: new Date(soon) }, 0, `! The certificate of localhost ends on ${day(soon)}.`],
    [
      'that it is for another name',
      ['other.example', '10.0.0.1'],
      {},
      1,
      '✗ The certificate of localhost is for other.example, 10.0.0.1, not for localhost.',
    ],
  ])('%s', async (_what, names, instants, code, sentence) => {
    const server = await fake(LIST, names, instants)
    const finished = await room.examine(at(server.address))
    expect(findings(finished).map((line) => line.split(' | ')[0])).toEqual([sentence])
    expect(finished.code).toBe(code)
    if (code !== 0) expect(server.seen, 'the cookie was sent').toEqual([])
  })

  test('that its authority is unknown, and sends no cookie', async () => {
    const server = await fake()
    const finished = await room.examine({ ...at(server.address), REQUESTS_CA_BUNDLE: undefined, CURL_CA_BUNDLE: undefined })
    expect(findings(finished)[0]).toMatch(
      /^✗ The certificate of localhost is of an authority that is not in Node's list of authorities \([A-Z_]+\)\. \| Open a new session, which names/,
    )
    expect(finished.code).toBe(1)
    expect(server.seen).toEqual([])
  })

  test('that there is none', async () => {
    const { provider } = world
    const finished = await room.examine(at(provider.issuer.replace('http:', 'https:')))
    expect(findings(finished)[0]).toMatch(/^✗ \S+:\d+ does not answer in TLS \([A-Z_]+\)\./)
    expect(finished.code).toBe(1)
  })
})

describe('benchkey doctor finds about the authorities', () => {
  test.each([
    ['a file that is not there', () => '/nowhere/ca.pem', 1, '✗ REQUESTS_CA_BUNDLE names PATH, which does not exist.'],
    ['a file without any', () => file('empty.pem', 'nothing'), 1, '✗ REQUESTS_CA_BUNDLE names PATH, which holds no certificate.'],
    [
      'a private one alone',
      () => world.files.caFile,
      0,
      '! REQUESTS_CA_BUNDLE names PATH, which holds no public authority, so calls to other services fail.',
    ],
  ])('%s', async (_what, make, code, sentence) => {
    const path = make()
    const finished = await room.examine({ REQUESTS_CA_BUNDLE: path, CURL_CA_BUNDLE: path })
    expect(findings(finished)[0]?.split(' | ')[0]).toBe(sentence.replace('PATH', path))
    expect(finished.code).toBe(code)
  })

  test('that the two variables differ, or that one is missing', async () => {
    expect(findings(await room.examine({ CURL_CA_BUNDLE: world.files.caFile }))[0]).toMatch(
      /^! REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name different files;/,
    )
    expect(findings(await room.examine({ CURL_CA_BUNDLE: undefined }))[0]).toMatch(/^! Only REQUESTS_CA_BUNDLE is set;/)
  })
})

describe('benchkey doctor finds about proxies', () => {
  const proxied = (url: string): Record<string, string | undefined> => ({
    https_proxy: url,
    no_proxy: 'x.example',
    NO_PROXY: undefined,
  })

  test('that no_proxy covers the address, nothing', async () => {
    const finished = await room.examine({ https_proxy: 'http://127.0.0.1:9', no_proxy: 'x.example,localhost' })
    expect(findings(finished)).toEqual([])
    expect(finished.stdout).toContain('✓ no_proxy covers localhost, so calls to Benchkey go straight.')
  })

  test('that calls go through one that refuses', async () => {
    const proxy = await startProxy(407)
    onTestFinished(() => proxy.close())
    const finished = await room.examine(proxied(proxy.url))
    const host = new URL(proxy.url).host
    expect(findings(finished)).toEqual([
      `✗ R and Python ask for Benchkey through the proxy of https_proxy, ${host}, which answers 407. | Add localhost to no_proxy and NO_PROXY.`,
    ])
    expect(finished.code).toBe(1)
    expect(finished.stdout).not.toContain('proxy-secret')
  })

  test('that it is away', async () => {
    const finished = await room.examine(proxied('http://127.0.0.1:9'))
    expect(findings(finished)[0]).toMatch(/^✗ R and Python ask .* which does not pass it on \(ECONNREFUSED\)\./)
  })

  test('that its password is written wrongly', async () => {
    const proxy = await startProxy(407)
    onTestFinished(() => proxy.close())
    const finished = await room.examine(proxied(proxy.url.replace('://', '://ada:100%25%zz@')))
    expect(findings(finished)[0]).toContain('has a user or password that cannot be read')
    expect(finished.stdout + finished.stderr).not.toContain('100%')
  })

  test('that calls take a detour that works', async () => {
    const proxy = await startProxy()
    onTestFinished(() => proxy.close())
    const finished = await room.examine(proxied(proxy.url))
    expect(findings(finished)[0]).toMatch(
      /^! no_proxy does not cover localhost: R and Python reach Benchkey through the proxy of https_proxy, 127\.0\.0\.1:\d+\. \| Add localhost/,
    )
    expect(finished.code).toBe(0)
  })
})

describe('benchkey doctor finds about the answer', () => {
  test.each([
    [{ status: 503, body: '' }, 75, /^✗ Benchkey at localhost:\d+ answers 503\. \| Try again in a moment/],
    [
      { status: 302, headers: { location: 'https://x.example' }, body: '' },
      1,
      /^✗ What answers at localhost:\d+ \(302\) is not Benchkey\./,
    ],
    [{ body: '<html>login</html>' }, 1, /^✗ What answers at localhost:\d+ \(200\) is not Benchkey\./],
    [{ body: { providers: [] } }, 0, /^! There are no integrations for you on this server\./],
    [
      { body: { providers: [{ integrations: [{ authenticated: false, state: 'not_signed_in' }] }] } },
      0,
      /^! 0 of 1 integrations signed in, so there is no token to get yet\./,
    ],
    [
      { body: { providers: [{ integrations: [{ authenticated: true, state: 'configuration_error' }] }] } },
      0,
      /^! 1 of 1 integrations signed in; 1 of them need attention\. \| See each, and what to do, with: benchkey integrations/,
    ],
    [
      { ...LIST, headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } },
      0,
      /^! The clock here is \d{4} s behind that of localhost:\d+\./,
    ],
    [
      { ...LIST, headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } },
      0,
      /^! The clock here is \d{4} s ahead of that of localhost:\d+\./,
    ],
  ])('%j', async (reply, code, finding) => {
    const finished = await room.examine(at((await fake(reply)).address))
    expect(findings(finished)[0]).toMatch(finding)
    expect(findings(finished)).toHaveLength(1)
    expect(finished.code).toBe(code)
  })
})

describe('benchkey doctor finds about programs', () => {
  test('versions that are too old, and what is missing', async () => {
    room.addProgram('Rscript', '#!/bin/sh\nprintf "noise\\nfound 4.2.2 0.14 FALSE\\n"\n')
    room.addProgram('python3', '#!/bin/sh\nprintf "\\nfound 3.11.2 0.16.0 True\\n"\n')
    room.addProgram('python', '#!/bin/sh\nprintf "\\nfound 3.9.1  False\\n"\n')
    room.addProgram('node', '#!/bin/sh\necho v18.19.0\n')
    const finished = await room.examine()
    expect(finished.stdout.split('\n').slice(-7)).toEqual([
      '! R 4.2.2 has rstudioapi 0.14, which is too old to ask for tokens.',
      '  Get 0.19 or later: install.packages("rstudioapi")',
      '✓ Python (python3) 3.11.2 has posit-sdk 0.16.0, which can ask for tokens.',
      '- Python (python) 3.9.1 is there without posit-sdk.',
      '! Node v18.19.0 is too old for @benchkey/sdk.',
      '  Get Node 20 or later.',
      '',
    ])
    expect(finished.code).toBe(0)
  })

  /** Python looks for modules in the current folder, and R for a profile. */
  test.each([
    [0o700, true],
    [0o777, false],
  ])('as they are in the current folder when nobody else can put files there: mode %o', async (mode, isRun) => {
    const here = join(room.folder, `here-${mode}`)
    const witness = join(room.folder, `ran-${mode}`)
    mkdirSync(here)
    writeFileSync(join(here, 'csv.py'), `open(${JSON.stringify(witness)}, 'w')\n`)
    chmodSync(here, mode)
    const { stdout } = await runBenchkey(['doctor'], { PATH: '/usr/bin:/bin' }, { cwd: here })
    expect(stdout).toMatch(/^[✓!-] Python \(python3\) \d/m)
    expect(existsSync(witness)).toBe(isRun)
  })
})
