import type {
  PageAdminSession,
  PageAudit,
  PageAuditEntry,
  PageOverview,
  PageUser,
  PageUserDetails,
} from '@benchkey/sdk/admin-pages'
import type { Script } from './fixture-server.ts'

const T = (time: string): string => `2026-11-21T${time}:00.000Z`

const node = { version: '1.0.0', startedAt: T('08:00'), heartbeatAt: T('12:59') } as const
const PARTS = [
  ['Database', 'PostgreSQL'],
  ['Revocations', 'None waiting'],
  ['Journal', 'Nothing waits for the database'],
  ['Audit', 'Newest line {time:2026-11-21T12:59:00.000Z}'],
  ['Key ring', 'Key k-2f9c is active, 41 days old'],
] as const

/** Nobody has to do anything. */
export const WELL: PageOverview = {
  verdict: { isWell: true, text: 'Everything is working.' },
  figures: '2,014 users · 412 sessions · 6 integrations · 3 nodes · sign-ins lost by Benchkey: 0 (30 days)',
  findings: [],
  integrations: [
    {
      ...{ uid: 'u-box', section: 'box-integration', name: 'Box API Access', mark: { tone: 'ok', label: 'Working' } },
      ...{ people: 118, peopleToSignIn: 2, peopleWithoutRefresh: 0, lastTokenAt: T('12:58') },
    },
    {
      ...{ uid: 'u-lab', section: 'lab', name: 'Lab', mark: { tone: 'neutral', label: 'Nobody is signed in' } },
      ...{ people: 0, peopleToSignIn: 0, peopleWithoutRefresh: 0 },
    },
  ],
  nodes: [
    { ...node, host: 'bk-1', pid: 812, mark: { tone: 'ok', label: 'Running' }, configurationVersion: 42 },
    { ...node, host: 'bk-2', pid: 77, mark: { tone: 'ok', label: 'Running' } },
  ],
  housekeeping: PARTS.map(([name, detail]) => ({ name, detail, mark: { tone: 'ok', label: 'Well' } })),
}

/** The sentences of the plan, and a part that is not well. */
export const UNWELL: PageOverview = {
  ...WELL,
  verdict: { isWell: false, text: '2 things need you' },
  findings: [
    {
      tone: 'danger',
      fact: 'Salesforce refuses the client secret since {time:2026-11-21T08:14:00.000Z}. 118 users affected; their sign-ins are kept.',
      action: 'login.salesforce.com answered 401. An administrator corrects client-secret of [salesforce].',
      buttons: [
        { kind: 'test', label: 'Test', section: 'salesforce' },
        { kind: 'open', label: 'Open', section: 'salesforce' },
      ],
    },
    {
      tone: 'danger',
      fact: 'bk-2 runs configuration 41, the others 42.',
      action: 'Give all the same oauth-clients.conf, then reload.',
      buttons: [{ kind: 'reload', label: 'Reload' }],
    },
    {
      tone: 'warn',
      fact: '31 of 34 sign-ins to Box API Access cannot renew: no refresh token.',
      action: 'account.box.com gave none.',
      buttons: [{ kind: 'why', label: 'Why', section: 'box-integration' }],
    },
  ],
  nodes: WELL.nodes.map((each, n) => (n === 1 ? { ...each, mark: { tone: 'danger', label: 'Silent' } } : each)),
  housekeeping: WELL.housekeeping.map((part) =>
    part.name === 'Revocations' ? { ...part, detail: '3 waiting', mark: { tone: 'danger', label: 'Not well' } } : part,
  ),
}

const ADA: PageUser = {
  ...{ name: 'ada', isAdmin: true, createdAt: '2026-01-02T03:04:05.000Z', lastSeenAt: T('12:50') },
  ...{ signIns: 2, sessions: 1, browsers: 1 },
}
const BOB: PageUser = {
  ...{ name: 'bob', isAdmin: false, createdAt: '2026-02-02T03:04:05.000Z', lockedAt: T('09:00') },
  ...{ signIns: 1, sessions: 0, browsers: 0 },
}
const LONG = 'somebody.with-a-very-long-user-name_0123456789@research.corp.example'

/** More people than a page holds, with long names. */
export const MANY_USERS: readonly PageUser[] = Array.from({ length: 140 }, (_, n) => ({
  ...ADA,
  name: `${LONG}${n}`,
  isAdmin: n === 0,
}))

const session: PageAdminSession = {
  ...{ id: 's1', userName: 'ada', name: 'analysis', kind: 'VS Code', icon: 'code', startedAt: T('10:00') },
  ...{ mark: { tone: 'ok', label: 'Running' }, where: 'bench-1' },
}
const SESSIONS: readonly PageAdminSession[] = [
  session,
  {
    ...{ ...session, id: 's2', userName: 'bob', name: 'nightly', kind: 'Service', icon: 'service' },
    mark: { tone: 'warn', label: 'Unreachable', explanation: 'It runs and does not answer. It may be busy.' },
  },
]
/** More sessions than a page likes, with long names. */
export const FORTY_ADMIN_SESSIONS: readonly PageAdminSession[] = Array.from({ length: 40 }, (_, n) => ({
  ...{ ...session, id: `s${n}`, userName: LONG, name: `a session with a name of many words and a number ${n}` },
}))

/** Sign-ins of every kind, and a session. */
const ADAS_DETAILS: PageUserDetails = {
  user: ADA,
  signIns: [
    {
      ...{ id: 't1', section: 'box-integration', name: 'Box API Access', account: 'ada@example.com' },
      ...{ mark: { tone: 'ok', label: 'Signed in · renews itself' }, signedInAt: '2026-10-02T03:04:05.000Z' },
      ...{ renewals: 214, hasRefreshToken: true, canRevoke: true, lastUsedAt: T('12:58') },
    },
    {
      ...{ id: 't2', section: 'salesforce', name: 'Salesforce', signedInAt: '2026-10-02T03:04:05.000Z' },
      mark: { tone: 'danger', label: 'Configuration error', explanation: 'login.salesforce.com refuses the client' },
      ...{ renewals: 1, hasRefreshToken: true, canRevoke: false },
    },
  ],
  sessions: [session],
}

const entry = (id: number, more: Partial<PageAuditEntry>): PageAuditEntry => ({
  ...{ id: String(id), at: T('12:00'), action: 'login.succeeded', outcome: 'ok', userName: 'ada', address: '10.0.0.7' },
  ...more,
})

/** A page of the audit with another one behind it. */
export const AUDIT: PageAudit = {
  entries: [
    entry(9, { action: 'user.locked', userName: 'bob', byName: 'ada' }),
    entry(8, { action: 'login.refused', outcome: 'refused', userName: 'bob', detail: 'wrong password' }),
    entry(7, { action: 'token.served', integration: 'box-integration', session: 'analysis', count: 1240 }),
    entry(6, {
      ...{ action: 'sign_in.failed', outcome: 'refused', integration: 'box-integration', reference: 'K7QM-2ABC' },
      detail: 'client_refused: answered invalid_client',
    }),
  ],
  next: '6',
  actions: ['login.refused', 'login.succeeded', 'token.served', 'user.locked'],
}
/** A hundred lines with long words. */
export const MUCH_AUDIT: PageAudit = {
  ...AUDIT,
  entries: Array.from({ length: 100 }, (_, n) => entry(1000 - n, { userName: LONG, detail: `${LONG} ${n}`.repeat(2) })),
}

/** Answers of a list, by what it is asked for. */
type Listed = (query: URLSearchParams) => object

/** A list as the server sends it: filtered by name, a hundred rows at once, behind the name that `after` holds. */
export function listed(member: 'users' | 'sessions', all: readonly { readonly name: string }[]): Listed {
  return (query) => {
    const found = all.filter(({ name }) => name.includes(query.get('filter') ?? ''))
    const from = found.findIndex(({ name }) => name === query.get('after')) + 1
    const rows = found.slice(from, from + 100)
    const next = found.length > from + 100 ? { next: rows.at(-1)?.name } : {}
    return { [member]: rows, total: all.length, found: found.length, ...next }
  }
}

/** An administrator's pages, with what one of them answers replaced. */
export function oversightScript(
  more: Partial<Record<'overview' | 'audit', object> & Record<'users' | 'sessions', Listed>> = {},
): Partial<Script> {
  return {
    isAdmin: true,
    gets: {
      '/api/admin/overview': more.overview ?? WELL,
      '/api/admin/users': more.users ?? listed('users', [ADA, BOB]),
      '/api/admin/users/ada': ADAS_DETAILS,
      '/api/admin/sessions': more.sessions ?? listed('sessions', SESSIONS),
      '/api/admin/audit': more.audit ?? AUDIT,
    },
  }
}
