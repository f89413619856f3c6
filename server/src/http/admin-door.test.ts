import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ada, box, countingEffects, type Doors, type ExpectedCalls, openDoors, type Reply } from '../../testing/doors.ts'
import type { SignInView } from '../broker/broker-of-oversight.ts'
import { BrokerError } from '../domain/errors.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { StoreError } from '../store/store.ts'
import type { ServersOptions } from './servers.ts'

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, options, countingEffects())
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const told = (reply: Reply): unknown => [reply.status, JSON.parse(reply.body)]
const supervisor = { pid: 7, startTime: '99', bootId: 'b' }
const session: DevelopmentSession = {
  id: 's1',
  userId: 'u1',
  userName: 'ada',
  name: 'Rscript',
  kind: 'command',
  state: 'running',
  startedAt: new Date('2026-11-23T10:00:00Z'),
  supervisor,
}
const SESSION = {
  id: 's1',
  userId: 'u1',
  userName: 'ada',
  name: 'Rscript',
  kind: 'command',
  state: 'running',
  startedAt: '2026-11-23T10:00:00.000Z',
}
const ADA = { id: 'u1', name: 'ada', isAdmin: false, createdAt: '2026-01-02T03:04:05.000Z' }

describe('the admin socket', () => {
  test('adds, lists, locks, unlocks and removes users', async () => {
    const calls: unknown[] = []
    const { administer } = await open({
      administration: {
        addUser: async (user) => {
          calls.push(user)
          return ada
        },
        listUsers: async () => [ada, { ...ada, lockedAt: new Date('2026-11-23T10:00:00Z') }],
        setLocked: async (...request) => {
          calls.push(request)
          return 'done'
        },
        setRole: async (...request) => {
          calls.push(request)
          return request[2]?.evenIfLast ? 'done' : 'last administrator'
        },
        removeUser: async (...request) => {
          calls.push(request)
          return 'done'
        },
      },
      launches: { offer: async () => ({ applications: [], cannotStart: 'There is no Unix account "ada".', lacksAccount: true }) },
    })
    const added = { name: 'ada', password: 'long enough', isAdmin: false }
    expect(told(await administer('POST', '/users', added))).toEqual([
      200,
      { user: ADA, cannotStart: 'There is no Unix account "ada".' },
    ])
    expect(told(await administer('GET', '/users'))).toEqual([
      200,
      { users: [ADA, { ...ADA, lockedAt: '2026-11-23T10:00:00.000Z' }] },
    ])
    expect(told(await administer('POST', '/users/a%2Fd%C3%A9/lock'))).toEqual([200, {}])
    expect(told(await administer('POST', '/users/ada/unlock'))).toEqual([200, {}])
    expect(told(await administer('DELETE', '/users/ada'))).toEqual([200, {}])
    const kept = { evenIfLast: false }
    expect(calls.splice(0)).toEqual([added, ['a/dé', true, kept], ['ada', false, kept], ['ada', kept]])
    const role = { isAdmin: false }
    expect(told(await administer('POST', '/users/ada/role', role))).toEqual([
      409,
      { error: { code: 'last_administrator', message: expect.stringMatching(/^ada is the last administrator .*\.$/) } },
    ])
    expect(told(await administer('POST', '/users/ada/role', { ...role, evenIfLast: true }))).toEqual([200, {}])
    expect(calls).toEqual([
      ['ada', role, kept],
      ['ada', role, { evenIfLast: true }],
    ])
  })

  test('shows a user, and lists stored sign-ins without a value', async () => {
    const filters: unknown[] = []
    const at = new Date('2026-11-23T10:00:00Z')
    const token: StoredToken = {
      ...{ id: 't1', userId: 'u1', integrationId: 'i1', integrationUid: box.uid, generation: 3, hasRefreshToken: true },
      ...{ issuedAt: at, signedInAt: at, expiresAt: at, lastUsedAt: at, lastUsedBy: 'Rscript', renewals: 2, parked: false },
      ...{ scopesAsked: ['read'], tokenType: 'Bearer', clientFingerprint: 'f' },
    }
    const state = { code: 'reauthentication_required', reason: 'refused', name: 'Box', section: box.section, at } as const
    const signIns: readonly SignInView[] = [
      { token, userName: 'ada', section: box.section, integration: box, state, unreadReplies: 2 },
      { token: { ...token, id: 't2', hasRefreshToken: false }, userName: 'ada', section: 'gone', unreadReplies: 0 },
    ]
    const { administer } = await open({
      administration: {
        showUser: async (name) => ({ user: { ...ada, name }, browserSessions: 2, sessions: [session], signIns: [] }),
        listSignIns: async (filter) => {
          filters.push(filter)
          return signIns
        },
      },
    })
    expect(told(await administer('GET', '/users/a%2Fda'))).toEqual([
      200,
      { user: { ...ADA, name: 'a/da' }, browserSessions: 2, sessions: [SESSION], storedTokens: [] },
    ])
    const iso = at.toISOString()
    const common = { userName: 'ada', integration: box.uid, renewals: 2, signedInAt: iso, expiresAt: iso }
    expect(told(await administer('GET', '/stored-tokens?user=a%26da&integration=Box%20API'))).toEqual([
      200,
      {
        storedTokens: [
          {
            ...{ ...common, id: 't1', section: box.section, name: box.displayName, hasRefreshToken: true },
            ...{ lastUsedAt: iso, lastUsedBy: 'Rscript', state: 'reauthentication_required', label: 'Sign in again' },
            explanation: expect.stringContaining('Box stopped accepting your sign-in on 23 Nov 10:00 UTC'),
            action: expect.stringContaining('https://bench.example/sign-in/box-integration'),
            unreadReplies: 2,
          },
          {
            ...{ ...common, id: 't2', section: 'gone', hasRefreshToken: false },
            ...{ lastUsedAt: iso, lastUsedBy: 'Rscript', state: 'not_configured', label: 'Not configured' },
          },
        ],
      },
    ])
    await administer('GET', '/stored-tokens')
    expect(filters).toEqual([{ userName: 'a&da', integration: 'Box API' }, {}])
  })

  test('opens, lists, rotates and ends sessions', async () => {
    const asked: unknown[] = []
    const { administer } = await open({
      sessions: {
        open: async (request) => {
          asked.push(request)
          return { session, cookie: 'user-id=ada|d|r', environment: { POSIT_PRODUCT: 'WORKBENCH' }, account: 'ada' }
        },
        list: async () => [session],
        rotate: async (id) =>
          id === 's1' ? 'next' : Promise.reject(new BrokerError('session_ended', 'This session has ended.')),
        end: async (id, by) => id === 's1' && by === 'administrator',
      },
    })
    const request = { userName: 'ada', name: 'Rscript', supervisor }
    expect(told(await administer('POST', '/sessions', request))).toEqual([
      200,
      { session: SESSION, cookie: 'user-id=ada|d|r', environment: { POSIT_PRODUCT: 'WORKBENCH' }, account: 'ada' },
    ])
    await administer('POST', '/sessions', { name: 'Rscript', supervisor })
    await administer('POST', '/sessions', { name: 'session env', userName: 'ada', unsupervised: true })
    const environment = { name: 'session env', userName: 'ada', supervisor: undefined }
    expect(asked).toEqual([request, { ...request, userName: undefined }, environment])
    expect(told(await administer('GET', '/sessions'))).toEqual([200, { sessions: [SESSION] }])
    expect(told(await administer('POST', '/sessions/s1/rotate'))).toEqual([200, { cookie: 'next' }])
    expect(told(await administer('POST', '/sessions/s2/rotate'))).toEqual([
      404,
      { error: { code: 'session_ended', message: 'This session has ended.' } },
    ])
    expect(told(await administer('POST', '/sessions/s1/end'))).toEqual([200, { ended: true }])
    expect(told(await administer('POST', '/sessions/s2/end'))).toEqual([200, { ended: false }])
  })

  test('tells how the server is', async () => {
    const at = new Date('2026-11-23T10:00:00Z')
    const finding = { level: 'problem', about: 'nodes', fact: 'It is silent.', action: 'Start it.' } as const
    const node = { host: 'bk-1', pid: 7, version: '0.1.0', isLive: false, configuration: 'aaaaaaaa' }
    const report = { isWell: false, findings: [finding], nodes: [{ ...node, startedAt: at, heartbeatAt: at }] }
    const { administer } = await open({ administration: { health: async () => report } })
    const [startedAt, heartbeatAt] = [at.toISOString(), at.toISOString()]
    expect(told(await administer('GET', '/health'))).toEqual([
      200,
      { isWell: false, version: '0.1.0', findings: [finding], nodes: [{ ...node, startedAt, heartbeatAt }] },
    ])
  })

  test('reloads and tells the status', async () => {
    const result = {
      applied: false,
      findings: [{ severity: 'error', text: 'oauth-clients.conf:3: [box] scope: unknown' }],
      nodes: [],
    } as const
    const { administer } = await open({ configuration: { reloadEverywhere: async () => result } })
    expect(told(await administer('POST', '/reload'))).toEqual([200, result])
    expect(told(await administer('GET', '/status'))).toEqual([
      200,
      { publicUrl: 'https://bench.example', redirectUri: 'https://bench.example/oauth_redirect_callback', version: '0.1.0' },
    ])
  })

  test.each([
    ['POST', '/users', { name: 'ada' }, 400, /password/],
    ['POST', '/users', { name: 'ada', password: 'x', isAdmin: 'yes' }, 400, /isAdmin/],
    ['POST', '/users', [], 400, /not a JSON object/],
    ['POST', '/users', { name: 'ada', password: 'x'.repeat(70_000), isAdmin: false }, 413, /64 KiB/],
    ['POST', '/sessions', { name: 'R', supervisor: { pid: '7', startTime: '1', bootId: 'b' } }, 400, /supervisor\.pid/],
    ['POST', '/sessions', { name: 'R', supervisor: { pid: 7, startTime: 1, bootId: 'b' } }, 400, /startTime/],
    ['POST', '/sessions', { name: 'R', userName: 7, supervisor }, 400, /userName/],
    ['GET', '/nothing', undefined, 404, /does not know this command/],
    ['DELETE', '/users', undefined, 404, /does not know this command/],
    ['POST', '/users/%zz/lock', undefined, 400, /percent-encoded/],
  ])('refuses %s %s with %j', async (method, path, body, status, message) => {
    const { administer } = await open()
    const reply = await administer(method, path, body)
    expect([reply.status, JSON.parse(reply.body)]).toEqual([
      status,
      { error: { code: expect.any(String), message: expect.stringMatching(message) } },
    ])
  })

  test("passes the broker's own refusals on, and only a reference of other failures", async () => {
    const failures = [new BrokerError('bad_request', 'There is no user bob.'), new Error('disk on fire')]
    const { administer, logged } = await open({ administration: { setLocked: async () => Promise.reject(failures.shift()) } })
    expect(told(await administer('POST', '/users/bob/lock'))).toEqual([
      400,
      { error: { code: 'bad_request', message: 'There is no user bob.' } },
    ])
    const reply = await administer('POST', '/users/bob/lock')
    expect(told(reply)).toEqual([
      500,
      { error: { code: 'internal', message: 'Benchkey could not answer; reference 010101010101.' } },
    ])
    expect(logged.join()).toContain('disk on fire')
  })

  test('says that the database takes nothing now, and why', async () => {
    const full = new StoreError('full', 'The disk of the database is full: make room.')
    const { administer } = await open({ administration: { setLocked: async () => Promise.reject(full) } })
    expect(told(await administer('POST', '/users/bob/lock'))).toEqual([
      503,
      { error: { code: 'database_unavailable', message: 'The disk of the database is full: make room.' } },
    ])
  })
})

describe("the admin socket's file", () => {
  test('belongs to the server alone', async () => {
    const { adminSocketPath } = await open()
    expect((await stat(adminSocketPath)).mode & 0o777).toBe(0o600)
  })

  test('is gone after closing', async () => {
    const { adminSocketPath, beginClose } = await open()
    await beginClose(0)
    await expect(stat(adminSocketPath)).rejects.toThrow(/ENOENT/)
  })

  test('of a running server is left alone', async () => {
    const { adminSocketPath, administer } = await open()
    await expect(openDoors({}, { adminSocketPath })).rejects.toThrow(/^Another Benchkey server runs on this data directory/)
    expect((await administer('GET', '/status')).status).toBe(200)
  })

  test('of a killed server is replaced', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'benchkey-admin-'))
    const adminSocketPath = join(directory, 'admin.sock')
    const program = `require('node:net').createServer().listen(${JSON.stringify(adminSocketPath)}, () => console.log('up'))`
    const killed = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(killed.stdout, 'data')
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    expect((await stat(adminSocketPath)).isSocket()).toBe(true)
    const { administer } = await open({}, { adminSocketPath })
    expect((await administer('GET', '/status')).status).toBe(200)
    await doors?.close()
    doors = undefined
    await rm(directory, { recursive: true })
  })

  test.each([
    ['a file in the way', 'admin.sock', true, /is in the way of the admin socket and is no socket\. Move it away\.$/],
    ['a missing directory', 'nothing/admin.sock', false, /cannot be opened \((ENOENT|EACCES)\)\. Check the data directory\.$/],
    [
      'a path of more than 107 bytes',
      `${'é'.repeat(50)}/admin.sock`,
      false,
      /has \d+ bytes and may have 107\. Use a data directory with a shorter path\.$/,
    ],
  ])('says what to do about %s', async (_what, name, isFile, message) => {
    const directory = await mkdtemp(join(tmpdir(), 'benchkey-admin-'))
    const adminSocketPath = join(directory, name)
    if (isFile) await writeFile(adminSocketPath, '')
    await expect(openDoors({}, { adminSocketPath })).rejects.toThrow(message)
    await rm(directory, { recursive: true })
  })
})
