import { BenchkeyError, type WireIntegrationDetails } from '@benchkey/sdk'
import { expect, test } from 'vitest'
import { LOOK_EVERY_MS, PATIENCE_MS, waitForSignIn } from './sign-in.ts'

const uid = '3f2c1a52-1111-5222-8333-444455556666'
const before = { uid, authenticated: false, state: 'not_signed_in', display_name: 'Box' } as WireIntegrationDetails
const signedIn = { ...before, authenticated: true, state: 'signed_in', signed_in_at: '2026-11-26T10:00:00Z' }
const never = new AbortController().signal

/** One answer for each look, the last one for ever. */
function wait(answers: readonly (WireIntegrationDetails | Error)[], from = before, signal = never) {
  let looks = 0
  let slept = 0
  const client = {
    integration: async () => {
      const answer = answers[Math.min(looks++, answers.length - 1)] ?? before
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  const sleep = async (ms: number, over: AbortSignal): Promise<void> => {
    over.throwIfAborted()
    slept += ms
  }
  return waitForSignIn(client, from, sleep, signal).then((outcome) => ({ outcome, looks, slept }))
}

const problem = (code: string): WireIntegrationDetails => ({
  ...before,
  last_problem: { code, title: 'You did not sign in to Box', explanation: 'Nothing has changed.', reference: 'R-1', at: '' },
})

test('a sign-in is noticed when the person is back, also over a restart of the server', async () => {
  const away = new BenchkeyError('server_unavailable', 'Benchkey refused the connection.')
  const { outcome, looks, slept } = await wait([before, away, signedIn])
  expect(outcome).toEqual({ kind: 'signed-in' })
  expect([looks, slept]).toEqual([3, 3 * LOOK_EVERY_MS])
})

test('more access is noticed by the time of the sign-in, for the state before was authenticated too', async () => {
  const less = { ...signedIn, state: 'signed_in' }
  expect((await wait([less, { ...less, signed_in_at: '2026-11-26T11:00:00Z' }], less)).looks).toBe(2)
})

test('a refusal ends the waiting in the words of the server; one from before does not', async () => {
  const denied = problem('denied')
  expect((await wait([before, denied])).outcome).toEqual({
    kind: 'failed',
    sentence: 'You did not sign in to Box. Nothing has changed. (Reference R-1.)',
  })
  expect((await wait([denied, denied, signedIn], denied)).outcome).toEqual({ kind: 'signed-in' })
})

test('a link that was opened twice is no end: the person may start again', async () => {
  expect((await wait([problem('dead_link'), signedIn])).outcome).toEqual({ kind: 'signed-in' })
})

test('nobody is waited for longer than a sign-in is good for', async () => {
  expect(await wait([before])).toMatchObject({ outcome: { kind: 'nobody-came' }, slept: PATIENCE_MS })
})

test('a session that ended, and a person who cancels, end it at once', async () => {
  await expect(wait([new BenchkeyError('session_ended', 'This session has ended.')])).rejects.toMatchObject({
    code: 'session_ended',
  })
  await expect(wait([before], before, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled')
})
