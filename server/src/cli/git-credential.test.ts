import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fingerprintOf } from '@benchkey/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import {
  type FakeReply,
  type Finished,
  fakeRpc,
  runBenchkey,
  type SeenRequest,
  untilTestEnds,
} from '../../testing/command-line.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const GIT = { type: 'custom', uid: UID, name: 'gitlab', display_name: 'GitLab', git_hosts: ['git.example', 'git.example:8443'] }
const BOX = { ...GIT, uid: UID.replace('1', '2'), name: 'box', display_name: 'Box', git_hosts: undefined }
const SERVED: FakeReply = { body: { access_token: 'abc.DEF', expiry: '2096-12-31T23:59:59Z' } }

let folder: string
let certificates: Certificates

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-git-test-'))
  certificates = await makeCertificates(folder)
})

afterAll(() => rmSync(folder, { recursive: true }))

interface Played {
  readonly token?: FakeReply
  readonly report?: object
  readonly integrations?: readonly object[]
}

type Answered = Finished & { readonly seen: readonly SeenRequest[] }

/** Calls the helper as Git does, against a server that is played. */
async function helper(action: string, input: string, played: Played = {}): Promise<Answered> {
  const { token = SERVED, report = {}, integrations = [BOX, GIT] } = played
  const server = await untilTestEnds(
    fakeRpc(certificates, ({ path }) => {
      if (path === '/oauth_integrations') return { body: { providers: [{ type: 'custom', integrations }] } }
      return path === '/oauth_token' ? token : { body: report }
    }),
  )
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'c', REQUESTS_CA_BUNDLE: certificates.caFile }
  return { ...(await runBenchkey(['git-credential', action], session, { input })), seen: server.seen }
}

const OURS = 'protocol=https\nhost=git.example\n'
const nothing = { code: 0, stdout: '', stderr: '' }

describe('benchkey git-credential get', () => {
  test('gives a host of git-hosts user name, token and its end', async () => {
    const { code, stdout, stderr } = await helper(
      'get',
      `capability[]=state\n${OURS}path=team/a.git\nwwwauth[]=Basic realm="x"\n\n`,
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('username=oauth2\npassword=abc.DEF\npassword_expiry_utc=4007836799\nephemeral=1\n')
  })

  test('names the capability that ephemeral belongs to, first, to a Git that has it', async () => {
    const { stdout } = await helper('get', `capability[]=authtype\ncapability[]=state\n${OURS}\n`)
    expect(stdout.split('\n').slice(0, 2)).toEqual(['capability[]=authtype', 'username=oauth2'])
  })

  test('keeps the user name that Git has', async () => {
    expect((await helper('get', `${OURS}username=x-token-auth\n`)).stdout).toMatch(/^username=x-token-auth\npassword=/)
  })

  test('gives no end where the service tells none', async () => {
    const token = { body: { access_token: 'abc', expiry: '9999-12-31T23:59:59Z' } }
    expect((await helper('get', OURS, { token })).stdout).toBe('username=oauth2\npassword=abc\nephemeral=1\n')
  })

  test.each(['git.example:443', 'GIT.example', 'git.example:8443'])('%s is ours', async (host) => {
    expect((await helper('get', `protocol=https\nhost=${host}\n`)).stdout).toContain('password=abc.DEF')
  })

  test.each([
    'evil.example',
    'git.example.evil.example',
    'sub.git.example',
    'git.example:8444',
    'git.example.',
    'evil@git.example',
    '%67it.example',
    'git.example/evil',
    '',
  ])('host %j is not ours: silence, and no token is asked for', async (host) => {
    const { seen, ...finished } = await helper('get', `protocol=https\nhost=${host}\n`)
    expect(finished).toEqual(nothing)
    expect(seen.map(({ path }) => path)).not.toContain('/oauth_token')
  })

  test.each(['http', 'ssh', 'cert', ''])('protocol %j is nobody’s, and nobody is asked', async (protocol) => {
    const { seen, ...finished } = await helper('get', `protocol=${protocol}\nhost=git.example\n`)
    expect({ ...finished, seen }).toEqual({ ...nothing, seen: [] })
  })

  test.each([
    ['a carriage return in a value', `${OURS.trimEnd()}\r\n`, 'holds a carriage return or a NUL'],
    ['a NUL in a value', `${OURS}path=a\0b\n`, 'holds a carriage return or a NUL'],
    ['a line feed in a value', 'protocol=https\nhost=evil.example\nhost=git.example\n', 'names one thing twice'],
    ['a line that is no attribute', `${OURS}git.example\n`, 'holds a line that is not name=value'],
    ['more than any Git sends', `${OURS}path=${'a'.repeat(70_000)}\n`, 'is larger than 64 KiB'],
  ])('refuses %s and asks nobody', async (_what, input, words) => {
    const { code, stdout, stderr, seen } = await helper('get', input)
    expect({ code, stdout, seen }).toEqual({ code: 1, stdout: '', seen: [] })
    expect(stderr).toBe(
      `benchkey: This request of Git ${words}, so it gets no token.\n  Check the address of the repository: git remote -v\n`,
    )
  })

  test('a sign-in that is needed is told on stderr, and Git gets nothing', async () => {
    const token = { body: { error: 'You are not signed in to GitLab. Sign in at https://b.example.', code: 'not_signed_in' } }
    expect(await helper('get', OURS, { token })).toMatchObject({
      ...{ code: 4, stdout: '', stderr: 'benchkey: You are not signed in to GitLab.\n  Sign in at https://b.example.\n' },
    })
  })

  test('a warning goes to stderr', async () => {
    const token = { body: { ...(SERVED.body as object), warning: 'Renewal is delayed.' } }
    const { stdout, stderr } = await helper('get', OURS, { token })
    expect(stderr).toBe('benchkey: Renewal is delayed.\n')
    expect(stdout).not.toContain('delayed')
  })
})

describe('benchkey git-credential erase', () => {
  const renewed = { outcome: 'renewed', explanation: 'The token of GitLab was renewed.', action: 'Ask for the token again.' }

  test('reports our token by its fingerprint and says what came of it', async () => {
    const { code, stdout, stderr, seen } = await helper('erase', `${OURS}username=oauth2\npassword=abc.DEF\n`, {
      report: renewed,
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toBe('benchkey: The token of GitLab was renewed.\n  Run the Git command again.\n')
    expect(seen.at(-1)).toMatchObject({
      ...{ path: `/api/v1/integrations/${UID}/report`, body: { fingerprint: fingerprintOf('abc.DEF') } },
    })
  })

  test.each([
    ['a password of another helper', `${OURS}username=ada\npassword=secret\n`],
    ['nothing', OURS],
    ['a password of another host', 'protocol=https\nhost=evil.example\npassword=abc.DEF\n'],
  ])('%s is not reported, not even as a fingerprint', async (_what, input) => {
    const { seen, ...finished } = await helper('erase', input)
    expect(finished).toEqual(nothing)
    expect(seen.filter(({ path }) => path.endsWith('/report'))).toEqual([])
  })
})

test.each(['store', 'something-new'])('benchkey git-credential %s does nothing', async (action) => {
  const { seen, ...finished } = await helper(action, `${OURS}password=abc.DEF\n`)
  expect({ ...finished, seen }).toEqual({ ...nothing, seen: [] })
})

describe('benchkey git-credential --setup', () => {
  test('prints a line for each host, which keeps other helpers from storing the token', async () => {
    const line = (key: string): string =>
      `git config --global --replace-all '${key}' '' && git config --global --add '${key}' '!benchkey git-credential'\n`
    const { code, stdout, stderr } = await helper('--setup', '')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: line('credential.https://git.example.helper') + line('credential.https://git.example:8443.helper'),
    })
    expect(stderr).toContain('benchkey: The line for git.example gives Git the token of GitLab.\n')
  })

  test('prints no host that a shell would read otherwise', async () => {
    const integrations = [{ ...GIT, git_hosts: ["x';id;'", '$(id)', 'a b'] }]
    expect(await helper('--setup', '', { integrations })).toMatchObject({ code: 1, stdout: '' })
  })

  test('says what is missing where no integration is for Git', async () => {
    const { code, stdout, stderr } = await helper('--setup', '', { integrations: [BOX] })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'benchkey: No integration of yours is for Git.\n  Ask your administrator to write git-hosts into the section of the service.\n',
    )
  })
})

test('without an action it says that Git calls it', async () => {
  expect(await runBenchkey(['git-credential'])).toMatchObject({
    ...{ code: 2, stdout: '', stderr: expect.stringContaining('benchkey git-credential --setup') },
  })
})
