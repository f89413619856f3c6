import { afterEach, describe, expect, test } from 'vitest'
import { ada, adasBrowser, box, type Doors, type ExpectedCalls, openDoors } from '../../testing/doors.ts'
import type { SessionView } from '../broker/broker-of-sessions.ts'
import { BrokerError } from '../domain/errors.ts'

let doors: Doors | undefined

const BEGAN = adasBrowser.createdAt.getTime()
const root = { ...adasBrowser, user: { ...ada, name: 'root', isAdmin: true } }
const by = { name: 'root', address: '203.0.113.9' }
const counts = { user: ada, signIns: 1, sessions: 1, browsers: 0 }

/** The doors with an administrator whose login is `ageMs` old. */
async function open(expected: ExpectedCalls, ageMs = 1000): Promise<Doors['sendFromPage']> {
  const logins = { authenticate: async () => root, now: () => new Date(BEGAN + ageMs) }
  doors = await openDoors({ logins, ...expected })
  const { sendFromPage } = doors
  return (request) => sendFromPage({ ...request, headers: { 'x-forwarded-for': '203.0.113.9' } })
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const view: SessionView = {
  session: {
    ...{ id: 's1', userId: 'u1', userName: 'ada', name: 'analysis' },
    kind: 'environment',
    state: 'running',
    startedAt: new Date('2026-11-23T09:30:00Z'),
  },
  ...{ isUnreachable: false, hasLog: false },
}

const ACTS = [
  ['/api/admin/users/ada/lock', 'setLocked', [by, 'ada', true]],
  ['/api/admin/users/ada/unlock', 'setLocked', [by, 'ada', false]],
  ['/api/admin/users/ada/sign-out-everywhere', 'signOutEverywhere', [by, 'ada']],
  ['/api/admin/users/ada/sign-ins/t1/revoke', 'removeSignIn', [by, 'ada', 't1', 'revoke']],
  ['/api/admin/users/ada/sign-ins/t1/purge', 'removeSignIn', [by, 'ada', 't1', 'purge']],
] as const

describe('an act on somebody else', () => {
  test.each(ACTS)('%s is done in the name of the administrator', async (path, method, asked) => {
    const calls: unknown[] = []
    const people = { [method]: async (...given: unknown[]) => void calls.push(given) }
    const send = await open({ people })
    const reply = await send({ method: 'POST', path, body: '{}' })
    expect(reply.status).toBe(200)
    expect(calls).toEqual([asked])
  })

  test.each(ACTS)('%s needs a login of the last five minutes', async (path) => {
    const send = await open({}, 5 * 60_000 + 1)
    const reply = await send({ method: 'POST', path, body: '{}' })
    expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([403, 'recent_login_needed'])
  })

  test('to end a session does not, for it is what one does in a hurry', async () => {
    const calls: unknown[] = []
    const send = await open({ people: { endSession: async (...given) => void calls.push(given) } }, 60 * 60_000)
    expect((await send({ method: 'POST', path: '/api/admin/sessions/s1/end', body: '{}' })).status).toBe(200)
    expect(calls).toEqual([[by, 's1']])
  })

  test('that is refused says why', async () => {
    const refusal = new BrokerError('bad_request', 'You cannot lock yourself.')
    const send = await open({ people: { setLocked: () => Promise.reject(refusal) } })
    const reply = await send({ method: 'POST', path: '/api/admin/users/root/lock', body: '{}' })
    expect([reply.status, JSON.parse(reply.body).error.message]).toEqual([400, 'You cannot lock yourself.'])
  })
})

describe('people', () => {
  test('are listed with what they have', async () => {
    const asked: unknown[] = []
    const list = async (query: unknown) => {
      asked.push(query)
      return { rows: [counts], total: 2014, found: 101, next: 'ada' }
    }
    const send = await open({ people: { list } })
    expect(JSON.parse((await send({ path: '/api/admin/users?filter=%20a&after=aa' })).body)).toEqual({
      ...{ total: 2014, found: 101, next: 'ada' },
      users: [{ name: 'ada', isAdmin: false, createdAt: '2026-01-02T03:04:05.000Z', signIns: 1, sessions: 1, browsers: 0 }],
    })
    await send({ path: '/api/admin/users' })
    expect(asked).toEqual([{ filter: 'a', after: 'aa' }, {}])
  })

  test('are shown with sign-ins and sessions, and no secret', async () => {
    const token = {
      ...{ id: 't1', userId: 'u1', integrationId: 'i1', integrationUid: box.uid, generation: 1, hasRefreshToken: true },
      ...{ issuedAt: new Date(BEGAN), signedInAt: new Date(BEGAN), scopesAsked: [], tokenType: 'Bearer' },
      ...{ clientFingerprint: 'fingerprint', renewals: 3, parked: false },
    }
    const state = { code: 'configuration_error', reason: 'client', name: 'Box API Access', host: 'api.box.com' } as const
    const signIns = [{ token, userName: 'ada', section: 'box-integration', integration: box, state, unreadReplies: 0 }]
    const send = await open({ people: { show: async () => ({ person: counts, signIns, sessions: [view] }) } })
    const { body } = await send({ path: '/api/admin/users/ada' })
    expect(JSON.parse(body)).toMatchObject({
      user: { name: 'ada' },
      signIns: [{ id: 't1', name: 'Box API Access', canRevoke: false, mark: { tone: 'danger', label: 'Configuration error' } }],
      sessions: [{ id: 's1', userName: 'ada', kind: 'Shell', mark: { tone: 'ok', label: 'Running' } }],
    })
    expect(body).not.toMatch(/box-secret|fingerprint/)
  })
})

describe('the dashboard', () => {
  test('begins with the verdict; problems come before remarks, with their buttons', async () => {
    const findings = [
      { level: 'remark', about: 'integrations', fact: 'Slow.', action: 'Wait.', section: 'box', acts: ['why'] },
      { level: 'problem', about: 'nodes', fact: 'Apart.', action: 'Reload.', acts: ['reload'] },
    ] as const
    const facts = {
      ...{ users: 2014, lockedUsers: 0, sessions: 1, integrations: 6, signIns: 9, signInsEnded: 0, signInsLost: 0 },
      revocationsWaiting: 0,
    }
    const node = { pid: 7, version: '1.0.0', startedAt: new Date(BEGAN), heartbeatAt: new Date(BEGAN), isLive: true }
    const nodes = ['a', 'a', 'b'].map((configuration, n) => ({ ...node, host: `bk-${n + 1}`, configuration }))
    const report = { isWell: false, findings, facts, nodes }
    const integrations = [
      {
        ...{ integration: box, hasTrouble: false, people: 34, peopleToSignIn: 1, peopleWithoutRefresh: 31 },
        ...{ cannotMostlyRenew: true, delayed: 0 },
      },
    ]
    const send = await open({ overview: { show: async () => ({ report, now: new Date(BEGAN), integrations }) } })
    const { body } = await send({ path: '/api/admin/overview' })
    expect(JSON.parse(body)).toMatchObject({
      verdict: { isWell: false, text: '1 thing needs you' },
      figures: '2,014 users · 1 session · 6 integrations · 3 nodes · sign-ins lost by Benchkey: 0 (30 days)',
      findings: [
        { tone: 'danger', fact: 'Apart.', buttons: [{ kind: 'reload', label: 'Reload' }] },
        { tone: 'warn', fact: 'Slow.', buttons: [{ kind: 'why', label: 'Why', section: 'box' }] },
      ],
      integrations: [{ mark: { tone: 'warn', label: 'Cannot renew' }, people: 34, peopleWithoutRefresh: 31 }],
      nodes: [{ mark: { label: 'Running' } }, {}, { mark: { tone: 'warn', label: 'Runs another configuration' } }],
    })
    expect(body).not.toContain('box-secret')
  })
})

describe('the audit', () => {
  const line = { id: 7, at: new Date(BEGAN), action: 'user.locked', outcome: 'ok', userName: 'ada', byName: 'root' } as const

  test('is asked for what the address says, page by page', async () => {
    const asked: unknown[] = []
    const list = async (...given: unknown[]) => {
      asked.push(given)
      return { lines: [line], next: 7, actions: ['user.locked'] }
    }
    const send = await open({ audit: { list } })
    const query =
      'user=ada&action=user.locked&integration=box&reference=K7QM-2ABC&from=2026-11-01T00:00:00Z&until=&all=1&before=9'
    const { body } = await send({ path: `/api/admin/audit?${query}` })
    expect(JSON.parse(body)).toEqual({
      entries: [
        { id: '7', at: root.createdAt.toISOString(), action: 'user.locked', outcome: 'ok', userName: 'ada', byName: 'root' },
      ],
      ...{ actions: ['user.locked'], next: '7' },
    })
    const from = new Date('2026-11-01T00:00:00Z')
    expect(asked).toEqual([
      [{ withUse: true, userName: 'ada', action: 'user.locked', integration: 'box', reference: 'K7QM-2ABC', from }, 9],
    ])
  })

  test.each(['before=x', 'before=-1', 'from=yesterday', 'until=2026-13-01T00:00:00Z'])(
    'refuses %s with a sentence',
    async (query) => {
      const send = await open({})
      const reply = await send({ path: `/api/admin/audit?${query}` })
      expect([reply.status, JSON.parse(reply.body).error.message]).toEqual([
        ...[400, expect.stringMatching(/^The parameter \w+ of this address is not /)],
      ])
    },
  )

  test('is exported as lines of JSON', async () => {
    async function* pages() {
      yield [line]
      yield []
      yield [{ ...line, id: 8 }]
    }
    const send = await open({ audit: { export: () => pages() } })
    const reply = await send({ path: '/api/admin/audit/export' })
    expect(reply.headers['content-disposition']).toContain('benchkey-audit.jsonl')
    expect(
      reply.body
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each).id),
    ).toEqual([7, 8])
  })
})
