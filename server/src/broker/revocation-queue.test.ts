import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { grant, held, newGate, oauthError, reply, reset } from '../../testing/behaviours.ts'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { PlayedBrowser, signInsOf } from '../../testing/played-browser.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { createAuthorizationServers } from '../oauth/create.ts'
import { RevocationQueue } from './revocation-queue.ts'
import type { BrowserSignIns } from './sign-ins.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let room: BrokerRoom
let provider: ScriptedProvider
let signIns: BrowserSignIns
let queue: RevocationQueue
let box: Integration
let ann: User
let browser: PlayedBrowser

beforeEach(async () => {
  room = await openBrokerRoom()
  provider = await startScriptedProvider()
  const { authorizationUrl, tokenUrl, revocationUrl } = provider
  box = integrationOf({ section: 'box', authorizationUrl, tokenUrl, revocationUrl })
  await room.configure(box)
  ann = await room.addUser('ann')
  queue = new RevocationQueue({ ...room, servers: createAuthorizationServers({ effects: room.effects, allowLoopback: true }) })
  signIns = signInsOf(room, queue)
  browser = new PlayedBrowser(signIns, await room.browserOf(ann))
  await signIn()
})

afterEach(async () => {
  await queue.close()
  await provider.close()
  await room.close()
})

async function signIn(): Promise<void> {
  const state = (await browser.start(box.uid)).searchParams.get('state') ?? ''
  const result = await browser.answer([
    ['state', state],
    ['code', 'a-code'],
  ])
  expect(result.kind).toBe('signed_in')
}

const revocations = () => provider.requests.filter(({ path }) => path === '/revoke')
const isDone = () => expect.poll(() => room.store.revocations.counts()).toEqual({ waiting: 0, failed: 0 })
const revocationOf = async () => (await signIns.details(ann, box.uid)).revocation

async function signOut(): Promise<void> {
  await signIns.signOut(ann, box.uid, '192.0.2.1')
}

describe('signing out', () => {
  test('sends the tokens to no service that they were not for, whatever is configured by then', async () => {
    const other = await startScriptedProvider()
    try {
      await room.configure({ ...box, revocationUrl: other.revocationUrl })
      await signOut()
      queue.start()
      await isDone()
      expect(other.requests).toEqual([])
      expect(revocations()).toEqual([])
      expect(await room.audited('revocation.dropped')).toMatchObject([{ userName: 'ann' }, { userName: 'ann' }])
    } finally {
      await other.close()
    }
  })

  test('deletes the tokens at once and revokes them at the service, refresh token first', async () => {
    await signOut()
    expect((await signIns.details(ann, box.uid)).state.code).toBe('not_signed_in')
    expect(await revocationOf()).toMatchObject({ state: 'waiting' })
    queue.start()
    await isDone()
    const hints = revocations().map(({ parameters }) => parameters.get('token_type_hint'))
    expect(hints).toEqual(['refresh_token', 'access_token'])
    expect(await revocationOf()).toBeUndefined()
    const audit = await room.audited()
    expect(audit.filter(({ action }) => action === 'sign_out')).toMatchObject([{ userName: 'ann', section: 'box' }])
    expect(audit.filter(({ action }) => action === 'token.revoked')).toMatchObject([
      { userName: 'ann', section: 'box', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) },
      { userName: 'ann', section: 'box' },
    ])
    for (const { parameters } of revocations()) expect(JSON.stringify(audit)).not.toContain(parameters.get('token'))
  })

  test('wakes the queue, when there was something to sign out of', async () => {
    const woken: string[] = []
    const wake = (): void => void woken.push('woken')
    const desk = signInsOf(room, { wake, revokeReplaced: (...what) => queue.revokeReplaced(...what) })
    await desk.signOut(ann, box.uid, '192.0.2.1')
    expect(woken).toEqual(['woken'])
    await desk.signOut(ann, box.uid, '192.0.2.1')
    expect(woken).toEqual(['woken'])
  })

  test('without a revocation URL only deletes', async () => {
    const { revocationUrl: _, ...bare } = box
    await room.configure(bare)
    await signOut()
    expect(await room.store.revocations.counts()).toEqual({ waiting: 0, failed: 0 })
    expect(await room.audited('sign_out')).toMatchObject([{ detail: 'no revocation URL is configured' }])
  })
})

describe('a sign-in over an earlier one', () => {
  test('drops the replaced refresh token, because revoking it could end the new one', async () => {
    await signIn()
    queue.start()
    await queue.close()
    expect(revocations()).toHaveLength(0)
  })

  test('revokes the replaced refresh token under revocation-scope=token, and no other', async () => {
    await room.configure({ ...box, revocationScope: 'token' })
    const before = await room.store.tokens.find(ann.id, room.catalogue.internalId(box.uid) ?? '')
    const secrets = before && (await room.store.tokens.readSecrets(before.id, before.generation))
    await signIn()
    await queue.close()
    expect(revocations().map(({ parameters }) => parameters.get('token'))).toEqual([secrets?.refreshToken])
    expect(await room.audited('token.revoked')).toMatchObject([{ userName: 'ann', section: 'box' }])
  })

  test('sends nothing of a replaced sign-in to a changed origin', async () => {
    await room.configure({ ...box, revocationScope: 'token', client: { ...box.client, clientId: 'another' } })
    await signIn()
    await queue.close()
    expect(revocations()).toHaveLength(0)
  })
})

describe('the queue of revocations', () => {
  test('tries again with growing pauses while the service is down, then succeeds', async () => {
    provider.always(reset())
    await signOut()
    queue.start()
    await expect.poll(() => revocations().length).toBe(2)
    await expect.poll(async () => (await revocationOf())?.words).toMatch(/\w/)
    room.pass(20_000)
    queue.wake()
    await room.audited()
    expect(revocations()).toHaveLength(2)
    provider.always(grant())
    room.pass(20_000)
    queue.wake()
    await isDone()
    expect(revocations()).toHaveLength(4)
  })

  test('gives up after 24 hours, and that is visible', async () => {
    provider.always(reply('', { status: 503 }))
    await signOut()
    queue.start()
    // The longest pause is 75 minutes, so every step makes both jobs due once more; 17 steps are not yet 24 hours.
    for (let tries = 1; tries <= 17; tries += 1) {
      await expect.poll(() => room.audited('revocation.delayed')).toHaveLength(2 * tries)
      room.pass(77 * MINUTE_MS)
      queue.wake()
    }
    expect(await revocationOf()).toMatchObject({ state: 'waiting', words: expect.stringContaining('503') })
    room.pass(4 * HOUR_MS)
    queue.wake()
    await expect.poll(() => revocationOf()).toMatchObject({ state: 'failed' })
  })

  test('cancels what a newer sign-in could lose its tokens by, and audits it', async () => {
    await signOut()
    await signIn()
    queue.start()
    await isDone()
    expect(revocations()).toHaveLength(0)
    await expect
      .poll(async () => (await room.audited('revocation.cancelled'))[0])
      .toMatchObject({ userName: 'ann', section: 'box' })
  })

  test('cancels while a sign-in attempt is open', async () => {
    await signOut()
    await browser.start(box.uid)
    queue.start()
    await isDone()
    expect(revocations()).toHaveLength(0)
  })

  // The attempt is used and the tokens have no row yet: a service that ties grants together would end the new one with the old.
  test('cancels while the code of a sign-in is exchanged', async () => {
    const gate = newGate()
    provider.always(held(gate, grant()))
    await signOut()
    const signingIn = signIn()
    await provider.received(2)
    queue.start()
    await isDone()
    gate.open()
    await signingIn
    expect(revocations()).toHaveLength(0)
  })

  test('is not held up by a sign-in that failed', async () => {
    provider.always(oauthError('invalid_grant'))
    const state = (await browser.start(box.uid)).searchParams.get('state') ?? ''
    await browser.answer([
      ['state', state],
      ['code', 'a-code'],
    ])
    provider.always(grant())
    await signOut()
    queue.start()
    await isDone()
    expect(revocations()).toHaveLength(2)
  })

  test('drops the job of an integration that is not configured any more, and says so', async () => {
    await signOut()
    await room.configure()
    queue.start()
    await isDone()
    expect(revocations()).toHaveLength(0)
    expect(await room.audited('revocation.dropped')).toHaveLength(2)
  })

  test('a refusal by the service is tried again: somebody may repair the client secret', async () => {
    provider.always(oauthError('invalid_client', { status: 401 }))
    await signOut()
    queue.start()
    await expect.poll(() => revocations().length).toBe(2)
    provider.always(grant())
    // The refusals may not be written yet: time passes until they are, and are due again.
    const later = () => {
      room.pass(MINUTE_MS)
      queue.wake()
      return room.store.revocations.counts()
    }
    await expect.poll(later).toEqual({ waiting: 0, failed: 0 })
  })

  test('waits, when it closes, for the revocation under way', async () => {
    const gate = newGate()
    provider.always(held(gate, grant()))
    await signOut()
    queue.start()
    await provider.received(2)
    const closing = queue.close()
    gate.open()
    await closing
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 1, failed: 0 })
  })

  test('works off what a process left that ended before', async () => {
    await signOut()
    const later = new RevocationQueue({
      ...room,
      servers: createAuthorizationServers({ effects: room.effects, allowLoopback: true }),
    })
    later.start()
    await isDone()
    await later.close()
  })
})
