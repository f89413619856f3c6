import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Behaviour, grant, hangUp, oauthError } from '../../testing/behaviours.ts'
import { type RefreshNode, RefreshRoom } from '../../testing/refresh-room.ts'
import type { Client } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'

const MINUTE_MS = 60_000
const DEAD_MS = 61 * MINUTE_MS
const CLIENT: Client = {
  clientId: 'c',
  clientSecret: 'first',
  nextClientSecret: 'next',
  authenticationMethod: 'client-secret-post',
}

let room: RefreshRoom
let node: RefreshNode
let token: StoredToken

beforeEach(async () => {
  room = await RefreshRoom.open({ integration: { client: CLIENT } })
  node = await room.node()
  token = await room.signIn()
  await room.clock.pass(DEAD_MS)
})
afterEach(() => room.close())

/** A service that knows these client secrets only. */
function knowing(...secrets: readonly string[]): Behaviour {
  return (exchange) => {
    const behave = secrets.includes(sentBy(exchange.request)) ? grant() : oauthError('invalid_client', { status: 401 })
    return behave(exchange)
  }
}

const sentBy = ({ parameters }: { parameters: URLSearchParams }): string => parameters.getAll('client_secret').join(' and ')
const sent = (): readonly string[] => room.provider.requests.map(sentBy)

async function nextFetch() {
  await room.clock.pass(DEAD_MS)
  return await node.fetch()
}

describe('a refresh with two client secrets', () => {
  it('sends the first one as long as the service accepts it', async () => {
    room.provider.always(knowing('first', 'next'))
    expect(await node.fetch()).toHaveProperty('token')
    expect(await nextFetch()).toHaveProperty('token')
    expect(sent()).toEqual(['first', 'first'])
  })

  it('sends the next one where the first is refused, each alone, and begins with it from then on', async () => {
    room.provider.always(knowing('next'))
    expect(await node.fetch()).toHaveProperty('token')
    expect(sent()).toEqual(['first', 'next'])
    expect(await nextFetch()).toHaveProperty('token')
    expect(sent()).toEqual(['first', 'next', 'next'])
    expect(await room.row(token)).toMatchObject({ generation: 3, renewals: 2 })
    expect(await room.store.integrations.troubles()).toEqual(new Map())
    expect(await room.audited('token.refresh_failed')).toEqual([])
  })

  it('announces each request as one of its own, under one lease', async () => {
    const announced: unknown[] = []
    room.provider.always(async (exchange) => {
      announced.push((await room.row(token)).intent?.attempt)
      await knowing('next')(exchange)
    })
    await node.fetch()
    expect(new Set(announced).size).toBe(2)
    expect(announced).not.toContain(undefined)
    expect((await room.row(token)).intent).toBeUndefined()
  })

  it('goes back to the first when the next is refused again', async () => {
    room.provider.always(knowing('next'))
    await node.fetch()
    room.provider.always(knowing('first'))
    expect(await nextFetch()).toHaveProperty('token')
    expect(await nextFetch()).toHaveProperty('token')
    expect(sent()).toEqual(['first', 'next', 'next', 'first', 'first'])
  })

  it('is the integration’s trouble when both are refused, with the row untouched', async () => {
    room.provider.always(knowing())
    expect(await node.fetch()).toMatchObject({ code: 'configuration_error', reason: 'client' })
    expect(sent()).toEqual(['first', 'next'])
    expect(await room.row(token)).toMatchObject({ generation: 1, hasRefreshToken: true })
    expect(await room.row(token)).not.toHaveProperty('reauthentication')
    room.provider.always(knowing('next'))
    await room.clock.pass(MINUTE_MS)
    expect(await node.fetch()).toHaveProperty('token')
  })

  it('is perhaps spent when the second request stays without an answer, not by the first', async () => {
    room.provider.always((exchange) => (sentBy(exchange.request) === 'next' ? hangUp() : knowing())(exchange))
    expect(await node.fetch()).toMatchObject({ code: 'provider_unavailable' })
    expect(await room.row(token)).toHaveProperty('interruptedAt')
    // Repeated once, as any request that stays without an answer, with the secret that may be right.
    expect(sent()).toEqual(['first', 'next', 'next'])
  })

  it('asks for a sign-in when the next is accepted and the refresh token refused', async () => {
    room.provider.always((exchange) => (sentBy(exchange.request) === 'next' ? oauthError('invalid_grant') : knowing())(exchange))
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
    expect(sent()).toEqual(['first', 'next'])
  })

  it('begins anew with another configuration', async () => {
    room.provider.always(knowing('next'))
    await node.fetch()
    await node.configure({ client: { ...CLIENT, nextClientSecret: 'third' } })
    room.provider.always(knowing('first', 'third'))
    await nextFetch()
    expect(sent()).toEqual(['first', 'next', 'first'])
  })

  it('is one of each for a hundred callers', async () => {
    room.provider.always(knowing('next'))
    await Promise.all(Array.from({ length: 100 }, () => node.fetch()))
    expect(sent()).toEqual(['first', 'next'])
  })
})
