import type { PageIntegrations } from '@benchkey/sdk/pages'
import type { WireIntegration, WireIntegrations } from '@benchkey/sdk/wire'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pagePhrasing, plainPhrasing, type Sentence, type State, sentenceOf } from '../src/domain/states.ts'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { type Finished, runBenchkey } from '../testing/command-line.ts'
import { askAdmin, fetchToken, type RawReply, send } from '../testing/start-server.ts'
import { STATE_ROWS, STATES_USER, type StateRow, type StatesWorld, startStatesWorld } from '../testing/states-world.ts'

const UNKNOWN_UID = '00000000-0000-4000-8000-000000000000'

let world: StatesWorld
let uids: ReadonlyMap<string, string>
let answers: ReadonlyMap<string, RawReply>

beforeAll(async () => {
  world = await startStatesWorld()
  uids = new Map((await listed()).map(({ name, uid }) => [name, uid]))
  const asked = [...uids].map(async ([section, uid]) => [section, await askForToken(uid)] as const)
  answers = new Map(await Promise.all(asked))
})

afterAll(() => world.close())

describe.each(STATE_ROWS)('$section: $facts.code $facts.reason', (row) => {
  it('the session RPC answers the token or its refusal in the words of the table', () => {
    const answer = answers.get(row.section)
    expect(answer?.status).toBe(200)
    const { access_token: token, expiry, ...words } = JSON.parse(answer?.body ?? '') as Record<string, unknown>
    expect(words).toEqual(row.isServed ? warningOf(row) : refusalOf(row))
    expect([typeof token, typeof expiry]).toEqual(row.isServed ? ['string', 'string'] : ['undefined', 'undefined'])
  })

  it('the session RPC lists it in the words of the table', async () => {
    const { state, reason, label, explanation, action, authenticated, brief = '' } = await listedAs(row)
    const { code, tone, pageAction, ...words } = plain(row)
    const needsSignIn = code === 'not_signed_in' || code === 'reauthentication_required'
    const expected = { ...words, state: code, authenticated: !needsSignIn }
    expect({ state, label, explanation, action, brief, authenticated, ...(reason === undefined ? {} : { reason }) }).toEqual(
      expected,
    )
  })

  it('benchkey token says it on stderr and by its exit code', async () => {
    const token = (JSON.parse(answers.get(row.section)?.body ?? '') as { access_token?: string }).access_token
    const { warning } = warningOf(row)
    const { code, stdout, stderr } = await benchkey('token', row.section)
    if (row.isServed) {
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: `${token}\n`,
        stderr: warning === undefined ? '' : `benchkey: ${warning}\n`,
      })
    } else {
      expect({ code, stdout, stderr }).toEqual({ code: EXITS[row.facts.code], stdout: '', stderr: complaintOf(plain(row)) })
    }
  })

  it('benchkey status shows it in one line, and says by its exit code whether a sign-in is needed', async () => {
    const { code, label, brief } = plain(row)
    const isHealthy = code === 'signed_in'
    const words = isHealthy ? brief : [label.charAt(0).toLowerCase() + label.slice(1), brief].filter(Boolean).join(': ')
    const mark = isHealthy ? '✓' : code === 'not_signed_in' ? '-' : '!'
    const shown = await benchkey('status', row.section, '--check')
    const lines = [`${STATES_USER.name} at ${world.files.publicUrl}, in session "test"`]
    lines.push(`  ${mark} Acme Inc. ${row.section}  ${words}`)
    if (EXITS[code] === 4) lines.push(`Next: benchkey sign-in ${row.section}`)
    expect(shown).toEqual({ code: EXITS[code] === 4 ? 4 : 0, stdout: `${lines.join('\n')}\n`, stderr: '' })
  })

  it('the API of the pages shows it in the words of the table', async () => {
    const { integrations } = JSON.parse((await world.browser.ask('/api/integrations')).body) as PageIntegrations
    const shown = integrations.find(({ section }) => section === row.section)
    const { code, action, brief, ...words } = paged(row)
    expect(shown).toMatchObject({ ...words, state: code, signedIn: row.facts.code !== 'not_signed_in' })
    expect(shown?.reason).toBe(row.facts.reason)
  })
})

const EXITS: Readonly<Partial<Record<State['code'], number>>> = {
  not_signed_in: 4,
  reauthentication_required: 4,
  provider_unavailable: 75,
  configuration_error: 1,
}

describe('all of them', () => {
  it('benchkey integrations --json lists what the session RPC lists', async () => {
    const { code, stdout, stderr } = await benchkey('integrations', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual(await listed())
  })

  it('the page shows label and, where something is wrong, explanation', async () => {
    const browser = await launchBrowser()
    try {
      const page = await openPage(browser)
      const shown = []
      for (const { section } of STATE_ROWS) shown.push({ section, ...(await shownIn(page, section)) })
      const expected = STATE_ROWS.map((row) => {
        const { label, tone, explanation } = paged(row)
        const isWrong = tone === 'warn' || tone === 'danger'
        return { section: row.section, label: onPage(label), explanation: isWrong ? [onPage(explanation)] : [] }
      })
      expect(shown).toEqual(expected)
    } finally {
      await browser.close()
    }
  })
})

describe('unknown_integration', () => {
  const state: State = { code: 'unknown_integration', asked: UNKNOWN_UID }

  it('the session RPC and the API of the pages refuse in the words of the table', async () => {
    const { code, explanation, action } = inPlain(state)
    const { status, body } = await askForToken(UNKNOWN_UID)
    const refusal = { error: `${explanation} ${action}`, explanation, action, code }
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: refusal })
    // What to do is a command, which a page has no use for.
    const shown = await world.browser.ask(`/api/integrations/${UNKNOWN_UID}`)
    expect(JSON.parse(shown.body)).toEqual({ error: { code, message: explanation } })
  })

  it.each([
    [UNKNOWN_UID, undefined],
    ['refsued', 'refused'],
    ['nothing-like-it-at-all', undefined],
  ])('benchkey token %s exits 1 and names the nearest, %s', async (asked, near) => {
    const stderr = complaintOf(inPlain({ code: 'unknown_integration', asked, ...(near === undefined ? {} : { near }) }))
    expect(await benchkey('token', asked)).toEqual({ code: 1, stdout: '', stderr })
  })
})

describe('bad_request', () => {
  const withWords = (words: string): Sentence => inPlain({ code: 'bad_request', words })

  it('the session RPC answers 400 in the words of the table, the fact in its status line', async () => {
    const headers = { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': world.session.cookie }
    const { status, reason, body } = await send(world.files, '/oauth_token', { method: 'POST', headers, body: '{}' })
    const sentence = withWords('kwparams is not an object with the member uuid')
    expect({ status, reason, body }).toEqual({ status: 400, reason: sentence.explanation, body: whole(sentence) })
  })

  it('benchkey token exits 1', async () => {
    const stderr = complaintOf(withWords('kwparams.min_ttl is not a whole number of seconds from 0 to 31622400'))
    expect(await benchkey('token', 'renews', '--min-ttl', '31622401')).toEqual({ code: 1, stdout: '', stderr })
  })
})

describe('session_ended', () => {
  beforeAll(() => askAdmin(world.files, 'POST', `/sessions/${world.session.session.id}/end`))

  it('the session RPC answers 401 in the words of the table, the fact in its status line', async () => {
    const sentence = inPlain({ code: 'session_ended' })
    const { status, reason, body } = await askForToken(uids.get('renews') ?? '')
    expect({ status, reason, body }).toEqual({ status: 401, reason: sentence.explanation, body: whole(sentence) })
  })

  it.each([
    ['token', 'renews'],
    ['integrations', '--json'],
    ['status', '--check'],
    ['sign-in', 'renews'],
    ['sign-out', 'renews'],
    ['run', 'X=renews'],
  ])('benchkey %s %s exits 1', async (...words) => {
    const stderr = complaintOf(inPlain({ code: 'session_ended' }))
    const command = words[0] === 'run' ? ['--', 'true'] : []
    expect(await benchkey(...words, ...command)).toEqual({ code: 1, stdout: '', stderr })
  })
})

const inPlain = (state: State): Sentence => sentenceOf(state, plainPhrasing(world.files.publicUrl))
const plain = (row: StateRow): Sentence => inPlain(world.stateOf(row))
const paged = (row: StateRow): Sentence => sentenceOf(world.stateOf(row), pagePhrasing(''))
const whole = ({ explanation, action }: Sentence): string => `${explanation} ${action}`
const complaintOf = ({ explanation, action }: Sentence): string => `benchkey: ${explanation}\n  ${action}\n`

/** What stands beside a token: nothing while all is well. */
function warningOf(row: StateRow): { warning?: string } {
  return row.facts.code === 'signed_in' ? {} : { warning: whole(plain(row)) }
}

function refusalOf(row: StateRow): object {
  const { code, reason, explanation, action } = plain(row)
  const needsSignIn = EXITS[code] === 4
  return {
    ...{ error: whole(plain(row)), explanation, action, code },
    ...(reason === undefined ? {} : { reason }),
    ...(row.facts.retryAfterSeconds === undefined ? {} : { retry_after: row.facts.retryAfterSeconds }),
    ...(needsSignIn ? { link: `${world.files.publicUrl}/sign-in/${row.section}` } : {}),
  }
}

const askForToken = (uid: string): Promise<RawReply> => fetchToken(world.files, world.session.cookie, uid)

async function listed(): Promise<readonly WireIntegration[]> {
  const headers = { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': world.session.cookie }
  const { body } = await send(world.files, '/oauth_integrations', { method: 'POST', headers, body: '{}' })
  return (JSON.parse(body) as WireIntegrations).providers.flatMap(({ integrations }) => integrations)
}

async function listedAs(row: StateRow): Promise<WireIntegration> {
  const found = (await listed()).find(({ name }) => name === row.section)
  if (!found) throw new Error(`${row.section} is not listed`)
  return found
}

function benchkey(...words: readonly string[]): Promise<Finished> {
  const { environment, cookie } = world.session
  const own = { RS_SESSION_RPC_COOKIE: cookie, REQUESTS_CA_BUNDLE: world.files.caFile }
  return runBenchkey(words, { ...environment, ...own })
}

async function openPage(browser: Browser): Promise<Page> {
  const page = await (await openProfile(browser, { timezoneId: 'UTC' })).newPage()
  await page.clock.setFixedTime(world.now)
  await logIn(page, world.files.publicUrl, STATES_USER.name, STATES_USER.password)
  await page
    .locator('li[data-section]')
    .nth(STATE_ROWS.length - 1)
    .waitFor()
  return page
}

/** A healthy label stands in two lines, all others in one. */
async function shownIn(page: Page, section: string): Promise<{ label: string; explanation: readonly string[] }> {
  const row = page.locator(`li[data-section="${section}"]`)
  const label = await row.locator('.state-word, .row-account').allTextContents()
  return { label: label.join(' · '), explanation: await row.locator('.explanation p').allTextContents() }
}

/** Times as pages show them: with the day after "on", the day alone after "by", else of today. The browser's clock is in UTC. */
function onPage(text: string): string {
  return text.replace(/(\bon |\bby )?\{time:([^}]+)\}/g, (_mark, before: string | undefined, iso: string) => {
    const written = new Date(iso).toUTCString()
    const [day, minute] = [written.slice(5, 11).replace(/^0/, ''), written.slice(17, 22)]
    if (before === 'by ') return `by ${day}`
    return before === 'on ' ? `on ${day} ${minute}` : minute
  })
}
