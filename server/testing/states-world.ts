import { join } from 'node:path'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { hostOf } from '../src/domain/integration.ts'
import type { State } from '../src/domain/states.ts'
import { realEffects } from '../src/effects.ts'
import { type Behaviour, grant, grantChanged, hangUp, oauthError, reply } from './behaviours.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { editDatabase } from './edit-database.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { PlainBrowser } from './signed-in.ts'
import {
  askAdmin,
  openSession,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from './start-server.ts'
import { TestClock } from './test-clock.ts'

const SECOND_MS = 1000
const HALF_AN_HOUR = 1800
const AN_HOUR = 3600
const EIGHT_HOURS = 8 * AN_HOUR
const TEN_DAYS = 10 * 24 * AN_HOUR

/** Between the sign-ins and the requests, in seconds: tokens of half an hour have ended then, those of an hour soon will. */
const LATER = 57 * 60

const clock = new TestClock()
const start = clock.effects.now()
const after = (seconds: number): Date => new Date(start.getTime() + seconds * SECOND_MS)

type Changes = Readonly<Record<string, unknown>>

/** One row of the table of states, as its integration gets there. */
export interface StateRow {
  readonly section: string
  /** What the service's first answer holds beside the usual; `undefined` takes a member away. Absent: nobody signs in. */
  readonly first?: Changes
  /** How the service answers after that. */
  readonly afterwards?: readonly Behaviour[]
  /** Lines of the section that an administrator writes after the sign-in. */
  readonly lines?: Readonly<Record<string, string>>
  /** What befalls it besides. */
  readonly fate?: 'service closes' | 'certificate changes' | 'ciphertext is damaged'
  /** Whether the session gets a token. */
  readonly isServed: boolean
  readonly facts: Pick<State, 'code'> & Partial<State>
}

const noRefreshToken = { refresh_token: undefined }
const unavailable = reply('', { status: 503, headers: { 'retry-after': '30' } })

/** Every row of the table that an integration can be in. */
export const STATE_ROWS: readonly StateRow[] = [
  { section: 'untouched', isServed: false, facts: { code: 'not_signed_in' } },
  {
    section: 'refused',
    first: { expires_in: HALF_AN_HOUR },
    afterwards: [oauthError('invalid_grant')],
    isServed: false,
    facts: { code: 'reauthentication_required', reason: 'refused', at: after(LATER) },
  },
  {
    section: 'ended',
    first: { expires_in: HALF_AN_HOUR, ...noRefreshToken },
    isServed: false,
    facts: { code: 'reauthentication_required', reason: 'ended', at: after(HALF_AN_HOUR) },
  },
  {
    section: 'interrupted',
    first: { expires_in: HALF_AN_HOUR },
    afterwards: [hangUp({ afterGrant: true }), grant()],
    isServed: false,
    facts: { code: 'reauthentication_required', reason: 'interrupted', at: after(LATER) },
  },
  {
    section: 'changed',
    first: { expires_in: EIGHT_HOURS },
    lines: { 'client-id': 'another-client' },
    isServed: false,
    facts: { code: 'reauthentication_required', reason: 'changed', at: after(LATER) },
  },
  {
    section: 'unreadable',
    first: { expires_in: EIGHT_HOURS },
    fate: 'ciphertext is damaged',
    isServed: false,
    facts: { code: 'reauthentication_required', reason: 'unreadable' },
  },
  {
    section: 'more-asked',
    first: { expires_in: EIGHT_HOURS },
    lines: { scopes: 'read, write, delete' },
    isServed: true,
    facts: { code: 'scope_missing', scopes: ['write', 'delete'] },
  },
  {
    section: 'delayed',
    first: { expires_in: AN_HOUR },
    afterwards: [unavailable],
    isServed: true,
    facts: { code: 'renewal_delayed', at: after(LATER), until: after(AN_HOUR), words: 'answered 503' },
  },
  {
    section: 'away',
    first: { expires_in: HALF_AN_HOUR },
    fate: 'service closes',
    isServed: false,
    facts: { code: 'provider_unavailable', at: after(LATER), words: 'refused the connection', retryAfterSeconds: 30 },
  },
  {
    section: 'wrong-client',
    first: { expires_in: HALF_AN_HOUR },
    afterwards: [oauthError('invalid_client', { status: 401 })],
    isServed: false,
    facts: { code: 'configuration_error', reason: 'client', at: after(LATER) },
  },
  {
    section: 'unknown-authority',
    first: { expires_in: HALF_AN_HOUR },
    fate: 'certificate changes',
    isServed: false,
    facts: {
      ...{ code: 'configuration_error', reason: 'connection', at: after(LATER) },
      words: 'its certificate is from an unknown authority',
    },
  },
  {
    section: 'renews',
    first: { expires_in: EIGHT_HOURS },
    isServed: true,
    facts: { code: 'signed_in', reason: 'renews' },
  },
  {
    section: 'cannot-renew',
    first: { expires_in: EIGHT_HOURS, ...noRefreshToken },
    isServed: true,
    facts: { code: 'signed_in', reason: 'cannot_renew', until: after(EIGHT_HOURS) },
  },
  {
    section: 'endless',
    first: { expires_in: undefined, ...noRefreshToken },
    isServed: true,
    facts: { code: 'signed_in', reason: 'does_not_expire' },
  },
  {
    section: 'renew-by',
    first: { expires_in: EIGHT_HOURS, refresh_token_expires_in: TEN_DAYS },
    isServed: true,
    facts: { code: 'signed_in', reason: 'renew_by', until: after(TEN_DAYS) },
  },
]

/** A server whose one user has one integration in each state, and a session. Its clock stands still at `now`. */
export interface StatesWorld {
  readonly files: ServerFiles
  readonly now: Date
  readonly browser: PlainBrowser
  readonly session: AdminSessionOpened
  /** The row's state with the names its sentences tell. */
  stateOf(row: StateRow): State
  close(): Promise<void>
}

/** Who logs in. */
export const STATES_USER = { name: 'ada', password: 'correct horse battery staple' } as const

/** Signs in to everything, lets time pass, and lets happen what the rows tell. No state is entered but by asking for a token. */
export async function startStatesWorld(): Promise<StatesWorld> {
  const files = await prepareServer()
  const [known, unknown] = await Promise.all(['known', 'unknown'].map((name) => makeCertificates(join(files.dir, name))))
  if (!known || !unknown) throw new Error('two authorities were asked for')
  const services = new Map<string, ScriptedProvider>()
  for (const { section, fate } of STATE_ROWS) {
    services.set(section, await startScriptedProvider(fate === 'certificate changes' ? { tls: known } : {}))
  }
  const origins = new Map([...services].map(([section, { origin }]) => [section, origin]))
  writeOauthClients(
    files,
    configurationOf(origins, () => ({})),
  )
  // Short pauses are taken for real, for the sweeper takes one after the other; the clock moves only when it is told to.
  const { sleep, bootId } = realEffects()
  const server = await startInProcess(files, { effects: { ...clock.effects, sleep, bootId }, providerCa: known.ca })
  await askAdmin(files, 'POST', '/users', { ...STATES_USER, isAdmin: false })
  const browser = new PlainBrowser(files)
  await browser.logIn(STATES_USER.name, STATES_USER.password)
  for (const row of STATE_ROWS) if (row.first) await signIn(browser, row.section, services.get(row.section), row.first)
  const session = await openSession(files, STATES_USER.name)
  await clock.pass(LATER * SECOND_MS)
  await meetFates(files, server, services, { origins, unknown })
  const stateOf = ({ section, facts }: StateRow): State => {
    return { ...facts, section, name: nameOf(section), host: hostOf(origins.get(section) ?? '') }
  }
  const close = async (): Promise<void> => {
    await server.close()
    await Promise.all([...services.values()].map((service) => service.close()))
    removeFiles(files)
  }
  return { files, now: clock.effects.now(), browser, session, stateOf, close }
}

/** With a full stop inside, so that nobody finds the end of the fact by looking for one. */
const nameOf = (section: string): string => `Acme Inc. ${section}`

function configurationOf(
  origins: ReadonlyMap<string, string>,
  linesOf: (row: StateRow) => Readonly<Record<string, string>>,
): string {
  const sections = STATE_ROWS.map((row) => {
    const origin = origins.get(row.section)
    const lines = {
      ...{ name: nameOf(row.section), 'client-id': 'client', 'client-secret': 'a-long-secret', scopes: 'read' },
      ...{ 'authorization-url': `${origin}/authorize`, 'token-url': `${origin}/token` },
      ...linesOf(row),
    }
    const texts = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`)
    return `[${row.section}]\n${texts.join('')}`
  })
  return sections.join('\n')
}

/** The whole trip: the service answers the code with `first`, as a member of its usual answer. */
async function signIn(
  browser: PlainBrowser,
  section: string,
  service: ScriptedProvider | undefined,
  first: Changes,
): Promise<void> {
  service?.next(grantChanged((body) => ({ ...body, ...first })))
  const { searchParams } = new URL(await browser.start(await browser.uidOf(section)))
  const back = new URL(searchParams.get('redirect_uri') ?? '')
  back.search = new URLSearchParams({ code: 'a-code', state: searchParams.get('state') ?? '' }).toString()
  const answer = await browser.visit(back.href)
  if (answer.status !== 303) throw new Error(`The callback of ${section} answered ${answer.status}: ${answer.body}`)
}

async function meetFates(
  files: ServerFiles,
  server: ServerInProcess,
  services: Map<string, ScriptedProvider>,
  { origins, unknown }: { origins: ReadonlyMap<string, string>; unknown: Certificates },
): Promise<void> {
  for (const { section, afterwards = [], fate } of STATE_ROWS) {
    const service = services.get(section)
    service?.next(...afterwards)
    if (fate === 'service closes' || fate === 'certificate changes') await service?.close()
    if (fate === 'service closes') services.delete(section)
    if (fate === 'certificate changes' && service) {
      services.set(section, await startScriptedProvider({ tls: unknown, port: service.port }))
    }
    if (fate === 'ciphertext is damaged') await damage(files, section)
  }
  writeOauthClients(
    files,
    configurationOf(origins, ({ lines = {} }) => lines),
  )
  const { applied } = await server.reload()
  if (!applied) throw new Error(`The changed configuration was not applied: ${server.log()}`)
}

/** One character of the stored access token becomes another: no ciphertext opens after that. */
async function damage(files: ServerFiles, section: string): Promise<void> {
  const statement = `UPDATE oauth2_token_secrets SET access_token = substr(access_token, 1, 40)
       || CASE substr(access_token, 41, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(access_token, 42)
     WHERE token_id IN (SELECT t.id FROM oauth2_tokens t JOIN integrations i ON i.id = t.integration_id WHERE i.section = ?)`
  const { changes } = await editDatabase(files, (database) => database.prepare(statement).run(section))
  if (Number(changes) !== 1) throw new Error(`${changes} rows of ${section} were damaged`)
}
