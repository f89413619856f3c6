import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WireIntegrationDetails } from '@benchkey/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import {
  BENCHKEY,
  type FakeReply,
  type FakeServer,
  type Finished,
  fakeRpc,
  type Running,
  startBenchkey,
  startProcess,
} from '../../testing/command-line.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const LINK = 'https://b.example/sign-in/box'
const PROBLEM = { title: 'A title', explanation: 'What it means.', reference: 'ref-1', at: '2026-11-23T12:00:00Z' }

const BOX: WireIntegrationDetails = {
  ...{ type: 'custom', uid: UID, name: 'box', display_name: 'Box API Access', client_id: 'c', scopes: [], issuer: '' },
  ...{ auth_url: 'https://box.example/a', token_url: 'https://box.example/t', authenticated: false, state: 'not_signed_in' },
  ...{ label: 'Not signed in', explanation: 'You are not signed in to Box API Access.', action: 'Sign in.', link: LINK },
}
const SIGNED_IN = { authenticated: true, state: 'signed_in', signed_in_at: '2026-11-23T12:00:00Z', account: 'ada@box.example' }

let folder: string
let certificates: Certificates
let server: FakeServer
/** How the integration is now, as the server describes it; the answer may be a refusal or none. */
let box: WireIntegrationDetails
let looks: number
let answerLook: () => FakeReply

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-signing-test-'))
  certificates = await makeCertificates(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(async () => {
  box = BOX
  looks = 0
  answerLook = () => ({ body: box })
  server = await fakeRpc(certificates, ({ path }) => {
    if (path === '/oauth_integrations') return { body: { providers: [{ type: 'custom', integrations: [box] }] } }
    if (path.endsWith('/sign-out')) return { body: { signed_out: true, revocation: 'queued' } }
    looks += 1
    return answerLook()
  })
})
afterEach(() => server.close())

const session = (more: Record<string, string> = {}) => ({
  ...{ RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'a|b|c', REQUESTS_CA_BUNDLE: certificates.caFile },
  ...more,
})

const start = (words: readonly string[], more: Record<string, string> = {}): Running => startBenchkey(words, session(more))
const run = (...words: readonly string[]): Promise<Finished> => start(words).finished

/** Types the words of a command at a terminal of its own (script of util-linux), and answers its question. */
function atTerminal(words: readonly string[], answer: string): Promise<Finished> {
  const typed = [...BENCHKEY, ...words].map((word) => `'${word}'`).join(' ')
  return startProcess(['script', '-qec', typed, '/dev/null'], session({ SHELL: '/bin/sh' }), { input: answer }).finished
}

/** A process of its own may take its time on a busy machine. */
const soon = <T>(look: () => T) => expect.poll(look, { interval: 50 })

describe('benchkey sign-in', () => {
  /** Waits until the command has looked once more after the change. */
  async function change(changes: Partial<WireIntegrationDetails>): Promise<void> {
    await soon(() => looks).toBeGreaterThan(0)
    box = { ...box, ...changes }
  }

  test('prints the page and waits until the person has signed in, naming the account', async () => {
    const { finished } = start(['sign-in', 'box api access'])
    await change(SIGNED_IN)
    expect(await finished).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: `benchkey: Open this in a browser to sign in to Box API Access:
  ${LINK}
benchkey: Waiting for the sign-in; Ctrl-C stops waiting.
benchkey: Signed in to Box API Access as ada@box.example.
`,
    })
  })

  test('opens the page in the browser when there is one, and not with --no-browser', async () => {
    const seen = join(folder, 'opened')
    const browser = join(folder, 'browser.sh')
    writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > '${seen}'\n`, { mode: 0o700 })
    const quiet = start(['sign-in', 'box', '--no-browser'], { BROWSER: browser })
    await change(SIGNED_IN)
    expect((await quiet.finished).stderr).toContain('Open this in a browser to sign in')
    expect(existsSync(seen)).toBe(false)
    box = BOX
    looks = 0
    const { finished } = start(['sign-in', 'box'], { BROWSER: `/not/there:${browser} --tab %s` })
    await soon(() => existsSync(seen) && readFileSync(seen, 'utf8')).toBe(`--tab\n${LINK}\n`)
    await change(SIGNED_IN)
    expect(await finished).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`in the browser, or open this there:\n  ${LINK}\n`),
    })
  })

  test('a sign-in that ends anew counts by its time, not by its state', async () => {
    box = { ...BOX, ...SIGNED_IN, state: 'scope_missing' }
    const { finished } = start(['sign-in', 'box'])
    await change({ signed_in_at: '2026-11-23T12:05:00Z' })
    expect((await finished).code).toBe(0)
  })

  test.each([
    ['denied', 4],
    ['client_refused', 1],
    ['scope_refused', 1],
    ['provider_failed', 75],
    ['not_saved', 75],
  ])('says what happened when it ended with %s, and exits with %i', async (code, exitCode) => {
    const { finished } = start(['sign-in', 'box'])
    await change({ last_problem: { ...PROBLEM, code } })
    const { code: exit, stderr } = await finished
    expect({ exit, stderr }).toEqual({
      exit: exitCode,
      stderr: expect.stringMatching(/\nbenchkey: A title\.\n {2}What it means\. \(Reference ref-1\.\)\n$/),
    })
  })

  test('goes on waiting after a link that no longer worked, and after a problem of before it came', async () => {
    box = { ...BOX, last_problem: { ...PROBLEM, code: 'client_refused', reference: 'old' } }
    const { finished } = start(['sign-in', 'box'])
    await change({ last_problem: { ...PROBLEM, code: 'dead_link' } })
    const before = looks
    await soon(() => looks).toBeGreaterThan(before + 1)
    await change(SIGNED_IN)
    const { code, stderr } = await finished
    expect({ code, titles: stderr.split('A title.').length }).toEqual({ code: 0, titles: 2 })
  })

  test('waits through a restart of the server, and ends with the session', async () => {
    const { finished } = start(['sign-in', 'box'])
    await soon(() => looks).toBeGreaterThan(0)
    answerLook = () => ({ status: 503, body: 'away' })
    const before = looks
    await soon(() => looks).toBeGreaterThan(before + 1)
    answerLook = () => ({ status: 401, body: 'This session has ended. Open a new one.' })
    expect(await finished).toMatchObject({ code: 1, stderr: expect.stringContaining('benchkey: This session has ended.\n') })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s stops waiting cleanly', async (signal) => {
    const { child, finished } = start(['sign-in', 'box'])
    await soon(() => looks).toBeGreaterThan(1)
    child.kill(signal)
    expect(await finished).toMatchObject({
      code: 130,
      stderr: expect.stringContaining(`benchkey: Stopped waiting; nothing was changed.\n  You can still sign in at ${LINK}.\n`),
    })
  })

  test.each<[string, Partial<WireIntegrationDetails>, number, string]>([
    ['is there', SIGNED_IN, 0, 'You are signed in to Box API Access as ada@box.example already.'],
    ['works for a while', { state: 'renewal_delayed', authenticated: true }, 0, 'A fact.'],
    ['cannot be used now', { state: 'provider_unavailable', authenticated: true }, 75, 'A fact.'],
    ['no sign-in would mend', { state: 'configuration_error', authenticated: true }, 1, 'A fact.'],
  ])('does not wait for a sign-in that %s', async (_what, changes, code, words) => {
    box = { ...BOX, explanation: 'A fact.', action: 'An act.', ...changes }
    expect(await run('sign-in', 'box')).toMatchObject({
      code,
      stderr: expect.stringMatching(new RegExp(`^benchkey: ${words}\n  `)),
    })
  })

  test('a name that is not there names the nearest', async () => {
    expect(await run('sign-in', 'bxo')).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "box"?') })
  })
})

describe('benchkey sign-out', () => {
  const asked = () => server.seen.filter(({ path }) => path.endsWith('/sign-out')).map(({ method, path }) => `${method} ${path}`)
  beforeEach(() => {
    box = { ...BOX, ...SIGNED_IN }
  })

  test('does it unasked with --yes, and says what becomes of the tokens', async () => {
    expect(await run('sign-out', 'Box API Access', '--yes')).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: 'benchkey: Signed out of Box API Access; the stored tokens are deleted.\n  The service is asked to revoke them.\n',
    })
    expect(asked()).toEqual([`POST /api/v1/integrations/${UID}/sign-out`])
  })

  test('asks on a terminal: yes does it, anything else keeps the sign-in', async () => {
    const { code, stdout } = await atTerminal(['sign-out', 'box'], 'n\n')
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('Kept your sign-in to Box API Access.') })
    expect(stdout).toContain(
      'Sign out of Box API Access? Benchkey deletes the stored tokens; running code stops getting them. [y/N]',
    )
    expect(asked()).toEqual([])
    expect((await atTerminal(['sign-out', 'box'], 'y\n')).code).toBe(0)
    expect(asked()).toHaveLength(1)
  })

  test('refuses to guess where nobody can be asked', async () => {
    expect(await run('sign-out', 'box')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Give --yes to do it unasked.'),
    })
    expect(asked()).toEqual([])
  })

  test('of what is not signed in does nothing', async () => {
    box = BOX
    expect(await run('sign-out', 'box')).toMatchObject({
      ...{ code: 0, stderr: 'benchkey: You are not signed in to Box API Access; there is nothing to sign out of.\n' },
    })
    expect(asked()).toEqual([])
  })
})

describe('benchkey status', () => {
  const DESCRIBED = {
    user: 'ada',
    session: { id: 's1', name: 'bash', kind: 'command', started_at: '2026-11-23T11:00:00Z' },
    cookie_expires_at: '2026-11-24T11:00:00Z',
    server: { url: 'https://b.example', version: '0.1.0', time: '2026-11-23T12:00:00Z' },
  }
  beforeEach(() => {
    answerLook = () => ({ body: DESCRIBED })
  })

  test('says who, where and how, and what to do next', async () => {
    expect(await run('status')).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `ada at https://b.example, in session "bash"\n  - Box API Access  not signed in\nNext: benchkey sign-in box\n`,
    })
  })

  test.each<[Partial<WireIntegrationDetails>, string]>([
    [{ ...SIGNED_IN, brief: 'renews itself' }, '✓ Box API Access  as ada@box.example · renews itself'],
    [
      { state: 'reauthentication_required', label: 'Sign in again', brief: 'stopped accepting your sign-in on 21 Nov 14:02 UTC' },
      '! Box API Access  sign in again: stopped accepting your sign-in on 21 Nov 14:02 UTC',
    ],
    [
      { state: 'configuration_error', label: 'Configuration error', brief: 'b\u001b[2J' },
      '! Box API Access  configuration error: b?[2J',
    ],
  ])('shows %o in one line', async (changes, line) => {
    box = { ...BOX, ...changes }
    expect((await run('status')).stdout.split('\n')[1]).toBe(`  ${line}`)
  })

  test('--check exits with 4 when a sign-in is needed, of those that are named', async () => {
    expect((await run('status', '--check')).code).toBe(4)
    expect((await run('status', 'box', '--check')).code).toBe(4)
    box = { ...BOX, ...SIGNED_IN }
    expect((await run('status', '--check')).code).toBe(0)
    expect(await run('status', 'bux', '--check')).toMatchObject({ code: 1, stdout: '' })
  })

  test('--json prints session and integrations as the server describes them', async () => {
    expect(JSON.parse((await run('status', '--json')).stdout)).toEqual({ ...DESCRIBED, integrations: [BOX] })
  })
})
