import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grant, grantChanged, oauthError } from '../testing/behaviours.ts'
import { HOSTILE_BEHAVIOURS } from '../testing/hostile-provider/catalogue.ts'
import { OPTION_CELLS, type OptionCell, type Service } from '../testing/hostile-provider/option-cells.ts'
import { QUIRK_ROWS } from '../testing/hostile-provider/quirk-rows.ts'
import { type Lines, OptionsWorld } from '../testing/options-world.ts'

/*
 * Each provider option against the service it exists for and against one that could lead it astray, and each row of the table of
 * quirks with its option: a line of oauth-clients.conf, a sign-in, a token, another one when that has ended, a sign-out, all
 * through the doors of a whole server.
 */

const LIFE_SECONDS = 600
const ATTEMPT_SECONDS = 600
const NAMES = new Set(
  Object.values(HOSTILE_BEHAVIOURS)
    .flat()
    .map(({ name }) => name),
)
const ROW_CELLS = QUIRK_ROWS.flatMap(({ quirk, cells = [] }) => cells.map((cell): OptionCell => ({ ...cell, meets: quirk })))

let world: OptionsWorld
let sections = 0

beforeAll(async () => {
  world = await OptionsWorld.start()
})

afterAll(async () => {
  await world.close()
  const played = QUIRK_ROWS.filter(({ not }) => not === undefined).length
  process.stdout.write(
    `provider options: ${OPTION_CELLS.length} cells; table of quirks: ${played} of ${QUIRK_ROWS.length} rows, ${ROW_CELLS.length} cells\n`,
  )
})

describe('an option that is for it, or is led astray:', () => {
  test.each(OPTION_CELLS)('$option meets $meets', (cell) => walk(cell))
})

describe('a row of the table of quirks:', () => {
  test.each(ROW_CELLS)('$meets, with $option', (cell) => walk(cell))

  test('none is missing', () => {
    expect(QUIRK_ROWS).toHaveLength(25)
    expect(QUIRK_ROWS.filter(({ not }) => not !== undefined)).toHaveLength(1)
  })

  test.each(QUIRK_ROWS)('$quirk is played, or it is told why not', ({ cells = [], behaviours = [], not }) => {
    expect(behaviours.filter((name) => !NAMES.has(name))).toEqual([])
    expect(cells.length + behaviours.length > 0).toBe(not === undefined)
  })
})

describe('a reload with the paths that were missing', () => {
  test('gives the tokens of an answer that nobody could read, where the service would not repeat it', async () => {
    await world.configure('late-paths', {})
    world.provider.always(grant())
    await world.signIn('late-paths')
    const uid = await world.browser.uidOf('late-paths')
    await world.pass(LIFE_SECONDS)
    world.provider.next(grantChanged(({ access_token, refresh_token }) => ({ token: access_token, renewal: refresh_token })))
    expect(await world.fetch(uid)).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
    await world.configure('late-paths', { 'access-token-path': '/token', 'refresh-token-path': '/renewal' })
    await expect.poll(() => world.fetch(uid)).toMatchObject({ access_token: expect.stringMatching(/^at-/) })
    await world.pass(LIFE_SECONDS)
    await world.remove('late-paths')
  })
})

async function walk(cell: OptionCell): Promise<void> {
  sections += 1
  const section = `cell-${sections}`
  const service = cell.service()
  expect(await world.configure(section, linesOf(cell)), world.server.log()).toBe(true)
  world.provider.always(service.play)
  try {
    if (cell.abandonedFirst) {
      await world.start(section)
      await world.pass(ATTEMPT_SECONDS + 1)
    }
    const page = await comeBack(section, service)
    if (cell.problem === undefined) expect(page.status, page.body).toBe(303)
    else expect(page.body).toContain(cell.problem)
    if (page.status === 303) await use(cell, service, await world.browser.uidOf(section))
    if (cell.logged !== undefined) await expect.poll(() => world.server.log()).toContain(cell.logged)
  } finally {
    await world.remove(section)
  }
}

async function comeBack(section: string, service: Service): Promise<{ readonly status: number; readonly body: string }> {
  const started = await world.start(section)
  return await world.comeBack(started, service.authorize?.(started.searchParams) ?? {})
}

/** From the first token to the sign-out. */
async function use(cell: OptionCell, service: Service, uid: string): Promise<void> {
  const first = await world.fetch(uid)
  expect(first).toMatchObject({ access_token: expect.stringMatching(/^at-/), ...cell.first })
  if (cell.heldBackAt !== undefined) await expectHeldBack(cell.heldBackAt, uid, first)
  world.provider.always(service.play)
  await world.pass(LIFE_SECONDS - (cell.heldBackAt ?? 0))
  const later = await world.fetch(uid)
  const { error, ...facts } = cell.later ?? {}
  if (error instanceof RegExp) expect(later.error).toMatch(error)
  expect(later).toMatchObject('code' in facts ? facts : { access_token: expect.stringMatching(/^at-/), ...facts })
  if (later.access_token !== undefined) expect(world.provider.ledger.isAccessTokenAlive(later.access_token)).toBe(true)
  if (cell.later === undefined) expect(later.access_token).not.toBe(first.access_token)
  const before = world.provider.ledger.aliveRefreshTokens().length
  await world.browser.ask(`/api/integrations/${uid}/sign-out`, {})
  expect(await world.fetch(uid)).toMatchObject({ code: 'not_signed_in' })
  if (cell.revokes) await expect.poll(() => world.provider.ledger.aliveRefreshTokens().length).toBeLessThan(before)
}

/** The service would refuse now, and is not asked. */
async function expectHeldBack(seconds: number, uid: string, first: object): Promise<void> {
  await world.pass(seconds)
  world.provider.always(oauthError('invalid_request', { description: 'Access token not expired' }))
  const before = world.provider.requests.length
  expect(await world.fetch(uid, seconds)).toEqual(first)
  expect(world.provider.requests).toHaveLength(before)
}

function linesOf({ lines }: OptionCell): Lines {
  return Object.fromEntries(
    Object.entries(lines).map(([name, value]) => [name, value.replace('{origin}', world.provider.origin)]),
  )
}
