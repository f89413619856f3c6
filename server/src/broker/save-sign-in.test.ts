import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { PlayedBrowser, signInsOf } from '../../testing/played-browser.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { StoreError } from '../store/store.ts'

let room: BrokerRoom
let provider: ScriptedProvider
let box: Integration
let ann: User
let browsers = 0

beforeEach(async () => {
  room = await openBrokerRoom()
  provider = await startScriptedProvider()
  box = integrationOf({ section: 'box', authorizationUrl: provider.authorizationUrl, tokenUrl: provider.tokenUrl })
  await room.configure(box)
  ann = await room.addUser('ann')
})

afterEach(async () => {
  await provider.close()
  await room.close()
})

/** A browser at a server whose database takes no sign-in, `tries` times or for ever. */
async function browserWithout(tries = Number.POSITIVE_INFINITY): Promise<PlayedBrowser> {
  const { tokens } = room.store
  const create: typeof tokens.create = (token) =>
    tries-- > 0 ? Promise.reject(new StoreError('busy', 'locked')) : tokens.create(token)
  const signIns = signInsOf({ ...room, store: { ...room.store, tokens: { ...tokens, create } } })
  return new PlayedBrowser(signIns, await room.browserOf(ann, `browser ${++browsers}`))
}

/** Time passes once the answer of the service waits. */
async function comeBack(browser: PlayedBrowser) {
  const before = room.journals.writes
  const url = await browser.start(box.uid)
  const answer = browser.answer([
    ['state', url.searchParams.get('state') ?? ''],
    ['code', 'a-code'],
  ])
  const isOver = answer.then(() => true)
  while (!(await Promise.race([isOver, new Promise((turn) => setTimeout(turn, 20, false))]))) {
    if (room.journals.writes > before) room.pass(10_000)
  }
  return await answer
}

const stored = () => room.store.tokens.find(ann.id, room.catalogue.internalId(box.uid) ?? '')

describe('a sign-in that the database does not take', () => {
  test('is stored when it does, and leaves nothing in the journal', async () => {
    expect(await comeBack(await browserWithout(3))).toMatchObject({ kind: 'signed_in' })
    expect(await stored()).toBeDefined()
    expect(room.journals.writes).toBeGreaterThan(0)
    expect(room.results.waiting).toBe(0)
  })

  test('for two minutes is told, waits in the journal, and is stored then, once', async () => {
    expect(await comeBack(await browserWithout())).toMatchObject({ kind: 'problem', problem: 'not_saved' })
    expect(await stored()).toBeUndefined()
    expect(room.results.waiting).toBe(1)
    await room.results.round()
    const token = await stored()
    expect(token?.hasRefreshToken).toBe(true)
    expect(room.results.waiting).toBe(0)
    await room.results.round()
    expect((await stored())?.id).toBe(token?.id)
    expect(await room.audited('sign_in.finished')).toMatchObject([{ detail: 'waited in the journal', userName: 'ann' }])
    expect(provider.requests).toHaveLength(1)
  })

  test('gives way to one that came after it', async () => {
    expect(await comeBack(await browserWithout())).toMatchObject({ problem: 'not_saved' })
    expect(await comeBack(await browserWithout(0))).toMatchObject({ kind: 'signed_in' })
    const token = await stored()
    await room.results.round()
    expect((await stored())?.id).toBe(token?.id)
    expect(room.results.waiting).toBe(0)
  })

  test('of a user who was removed meanwhile is dropped', async () => {
    expect(await comeBack(await browserWithout())).toMatchObject({ problem: 'not_saved' })
    await room.store.users.remove('ann', { queueFor: new Set(), giveUpAt: room.store.now() })
    await room.results.round()
    expect(room.results.waiting).toBe(0)
  })
})

test('a callback uses nothing up while there is no room for what it brings', async () => {
  const browser = await browserWithout(0)
  const url = await browser.start(box.uid)
  const parameters = [
    ['state', url.searchParams.get('state') ?? ''],
    ['code', 'a-code'],
  ] as const
  room.journals.failure = 'full'
  expect(await browser.answer(parameters)).toMatchObject({ kind: 'problem', problem: 'not_yet' })
  expect(provider.requests).toHaveLength(0)
  room.journals.failure = undefined
  expect(await browser.answer(parameters)).toMatchObject({ kind: 'signed_in' })
})
