import { hash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newGate, oauthError, reply } from '../../testing/behaviours.ts'
import { type RefreshNode, RefreshRoom, type RefreshRoomOptions } from '../../testing/refresh-room.ts'
import type { Caller } from '../domain/people.ts'
import type { StoredToken } from '../domain/stored-token.ts'

const MINUTE_MS = 60_000

let room: RefreshRoom
let node: RefreshNode
let token: StoredToken
let caller: Caller

async function enter(options: RefreshRoomOptions = {}, signIn: Parameters<RefreshRoom['signIn']>[0] = {}): Promise<void> {
  room = await RefreshRoom.open(options)
  node = await room.node()
  token = await room.signIn(signIn)
  caller = { userId: token.userId, userName: 'ada', sessionId: 's1', sessionName: 'Rscript' }
}

afterEach(() => room.close())

const fingerprintNow = async (): Promise<string> => {
  const { generation } = await room.row(token)
  const secrets = await room.store.tokens.readSecrets(token.id, generation)
  return hash('sha256', secrets?.accessToken ?? '', 'hex').slice(0, 16)
}

async function report(fingerprint?: string, by = node) {
  const of = { uid: room.integration.uid, fingerprint: fingerprint ?? (await fingerprintNow()), address: '192.0.2.7' }
  return await by.reports.report(caller, of)
}

describe('a report of the current token', () => {
  beforeEach(() => enter())

  it('renews it, though it lives by the clock, and the audit names session and fingerprint', async () => {
    const before = (await node.fetch()).token
    const fingerprint = await fingerprintNow()
    expect(await report()).toEqual({
      outcome: 'renewed',
      explanation: 'Benchkey renewed the token of lab.',
      action: 'Ask for the token again.',
    })
    expect(room.refreshes).toHaveLength(1)
    expect((await node.fetch()).token).not.toBe(before)
    expect(await room.audited('token.reported')).toMatchObject([
      { ...{ outcome: 'ok', detail: 'renewed', userName: 'ada', sessionId: 's1', sessionName: 'Rscript' } },
    ])
    expect(await room.audited('token.reported')).toMatchObject([{ section: 'lab', fingerprint, address: '192.0.2.7' }])
  })

  it('does so once in ten minutes, whatever node is asked, and not for the new token either', async () => {
    const other = await room.node('b')
    await report()
    await room.clock.pass(9 * MINUTE_MS)
    expect(await report(undefined, other)).toMatchObject({ outcome: 'too_soon', retryAfterSeconds: 60 })
    await room.clock.pass(MINUTE_MS)
    expect(await report(undefined, other)).toMatchObject({ outcome: 'renewed' })
    expect(room.refreshes).toHaveLength(2)
  })

  /** Two sessions on two nodes find the same token revoked: both report it before either is answered. */
  it('at the same time on two nodes is one token request', async () => {
    const other = await room.node('b')
    const fingerprint = await fingerprintNow()
    const reports = [node, other, node, other].map((by) => report(fingerprint, by))
    const outcomes = (await room.until(Promise.all(reports))).map(({ outcome }) => outcome)
    expect(outcomes).toContain('renewed')
    expect(outcomes.filter((each) => each !== 'renewed' && each !== 'newer_token' && each !== 'too_soon')).toEqual([])
    expect(room.refreshes).toHaveLength(1)
  })

  it('is held off by no clock that was set back since', async () => {
    await report()
    room.clock.jump(-24 * 60 * MINUTE_MS)
    expect(await report()).toMatchObject({ outcome: 'renewed' })
  })

  it('of a grant that is revoked asks for a sign-in, once and for all', async () => {
    room.provider.next(oauthError('invalid_grant'))
    await expect(report()).rejects.toMatchObject({ code: 'reauthentication_required', details: { reason: 'refused' } })
    await expect(report()).rejects.toMatchObject({ code: 'reauthentication_required' })
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required' })
    expect(room.refreshes).toHaveLength(1)
    expect(await room.audited('token.reported')).toMatchObject([
      { outcome: 'failed', detail: 'reauthentication_required' },
      { outcome: 'failed', detail: 'reauthentication_required' },
    ])
  })

  it('while the service is in trouble keeps the token, says why, and comes no second time', async () => {
    room.provider.always(reply('', { status: 503, headers: { 'retry-after': '30' } }))
    expect(await report()).toMatchObject({
      outcome: 'not_renewed',
      explanation: expect.stringMatching(/ did not renew your token at .* \(answered 503\)\. It works until /),
    })
    const sent = room.refreshes.length
    expect(await report()).toMatchObject({ outcome: 'too_soon' })
    expect(room.refreshes).toHaveLength(sent)
    expect((await node.fetch()).token).toBeDefined()
  })

  it('at a service that refuses our client is a configuration error', async () => {
    room.provider.next(oauthError('invalid_client', { status: 401 }))
    await expect(report()).rejects.toMatchObject({ code: 'configuration_error', details: { reason: 'client' } })
  })

  it('is told after 15 s that the service takes its time, and the renewal goes on', async () => {
    const gate = newGate()
    room.provider.next(async ({ request, response, ledger }) => {
      await gate.opened
      response.end(JSON.stringify(ledger.answer(request.parameters).body))
    })
    const waiting = report()
    await room.provider.received(1)
    expect(await room.until(waiting)).toMatchObject({
      ...{ outcome: 'not_renewed', explanation: expect.stringContaining('timed out after 15 s') },
    })
    gate.open()
    await expect.poll(async () => (await room.row(token)).generation).toBe(2)
  })
})

describe('what renews nothing', () => {
  it('a token that is not the current one: a newer one is there', async () => {
    await enter()
    expect(await report('0123456789abcdef')).toMatchObject({
      outcome: 'newer_token',
      explanation: 'There is a newer token of lab than the one reported.',
    })
    expect(room.refreshes).toHaveLength(0)
    expect(await room.audited('token.reported')).toMatchObject([{ detail: 'newer_token', fingerprint: '0123456789abcdef' }])
  })

  it('a sign-in without refresh token', async () => {
    await enter({}, { withRefreshToken: false })
    expect(await report()).toMatchObject({
      outcome: 'cannot_renew',
      action: 'Sign in again at https://bench.example/sign-in/lab.',
    })
  })

  it('no sign-in, and no such integration', async () => {
    await enter()
    await room.signOut(token)
    await expect(report('0123456789abcdef')).rejects.toMatchObject({ code: 'not_signed_in' })
    const unknown = { uid: '00000000-0000-4000-8000-000000000000', fingerprint: '0123456789abcdef', address: '' }
    await expect(node.reports.report(caller, unknown)).rejects.toMatchObject({ code: 'unknown_integration' })
  })

  it('a client that was changed since the sign-in', async () => {
    await enter()
    const fingerprint = await fingerprintNow()
    await node.configure({ client: { ...room.integration.client, clientId: 'another' } })
    await expect(report(fingerprint)).rejects.toMatchObject({ details: { reason: 'changed' } })
    expect(room.provider.connections).toBe(0)
  })

  it('a session that asks too often', async () => {
    await enter()
    const calls = Array.from({ length: 6050 }, () => report('0123456789abcdef'))
    const refused = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ reason: { code: 'bad_request' } })
  })
})
