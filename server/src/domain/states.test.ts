import { describe, expect, it } from 'vitest'
import { pagePhrasing, plainPhrasing, printable, type State, sentenceOf, utcTime } from './states.ts'

const at = new Date('2026-11-21T14:02:33Z')
const until = new Date('2026-11-21T16:40:00Z')
const box = { name: 'Box API Access', section: 'box-integration', host: 'api.box.com', at, until }
const plain = plainPhrasing('https://bench.corp.example')

/** ui.md, *States*, row by row: state → tone, label, and "explanation + action" as RPC and CLI print it. */
const ROWS: readonly (readonly [State, string, string, string])[] = [
  [{ ...box, code: 'signed_in', reason: 'renews' }, 'ok', 'Signed in · renews itself', ' '],
  [{ ...box, code: 'signed_in', reason: 'cannot_renew' }, 'ok', 'Signed in · ends 21 Nov 16:40 UTC, cannot renew', ' '],
  [{ ...box, code: 'signed_in', reason: 'does_not_expire' }, 'ok', 'Signed in · does not expire', ' '],
  [{ ...box, code: 'signed_in', reason: 'renew_by' }, 'ok', 'Signed in · renew by 21 Nov 16:40 UTC', ' '],
  [
    { ...box, code: 'not_signed_in' },
    'neutral',
    'Not signed in',
    'You are not signed in to Box API Access. Sign in at https://bench.corp.example/sign-in/box-integration, then run this again.',
  ],
  [
    { ...box, code: 'reauthentication_required', reason: 'refused' },
    'warn',
    'Sign in again',
    'Box API Access stopped accepting your sign-in on 21 Nov 14:02 UTC. Usual causes: a changed password, access revoked there, or months without use. Sign in again at https://bench.corp.example/sign-in/box-integration; your code stays as it is.',
  ],
  [
    { ...box, code: 'reauthentication_required', reason: 'ended' },
    'warn',
    'Sign in again',
    'Your sign-in to Box API Access ended at 21 Nov 14:02 UTC. The service gave no refresh token, so Benchkey could not renew it. Sign in again at https://bench.corp.example/sign-in/box-integration; your code stays as it is.',
  ],
  [
    { ...box, code: 'reauthentication_required', reason: 'interrupted' },
    'warn',
    'Sign in again',
    'The renewal of Box API Access was cut off at 21 Nov 14:02 UTC, and the service does not repeat it. Sign in again at https://bench.corp.example/sign-in/box-integration; your code stays as it is.',
  ],
  [
    { ...box, code: 'reauthentication_required', reason: 'changed' },
    'warn',
    'Sign in again',
    'An administrator changed the client or addresses of Box API Access on 21 Nov 14:02 UTC. Sign in again at https://bench.corp.example/sign-in/box-integration; your code stays as it is.',
  ],
  [
    { ...box, code: 'reauthentication_required', reason: 'unreadable' },
    'warn',
    'Sign in again',
    'The stored sign-in to Box API Access is damaged and was not used. Sign in again at https://bench.corp.example/sign-in/box-integration; your code stays as it is.',
  ],
  [
    { ...box, code: 'configuration_error', reason: 'disabled' },
    'neutral',
    'Switched off',
    'An administrator has switched Box API Access off, so nobody gets tokens for it. Stored sign-ins are kept. Ask your administrator when it will be back.',
  ],
  [
    { ...box, code: 'scope_missing', scopes: ['write', 'admin'] },
    'warn',
    'Signed in · more access asked',
    'Box API Access now also asks for write, admin. Your token works, without that access. To add it, sign in at https://bench.corp.example/sign-in/box-integration.',
  ],
  [
    { ...box, code: 'renewal_delayed', words: 'answered 503' },
    'warn',
    'Signed in · renewal delayed',
    'api.box.com did not renew your token at 21 Nov 14:02 UTC (answered 503). It works until 21 Nov 16:40 UTC. Nothing to do; Benchkey keeps trying.',
  ],
  [
    { ...box, code: 'provider_unavailable', words: 'refused the connection', retryAfterSeconds: 30 },
    'warn',
    'Service not answering',
    'api.box.com has not answered since 21 Nov 14:02 UTC (refused the connection). Your sign-in is kept. Nothing to repair here; try again in 30 seconds.',
  ],
  [
    { ...box, code: 'configuration_error', reason: 'client' },
    'danger',
    'Configuration error',
    "api.box.com refuses Benchkey's client ID or secret, so nobody gets tokens for Box API Access. Your sign-in is kept. Tell your administrator: benchkey verify box-integration.",
  ],
  [
    { ...box, code: 'configuration_error', reason: 'connection', words: 'its certificate is from an unknown authority' },
    'danger',
    'Configuration error',
    'Benchkey cannot connect safely to api.box.com: its certificate is from an unknown authority. Your sign-in is kept. Tell your administrator: benchkey verify box-integration.',
  ],
  [
    { code: 'unknown_integration', asked: 'bx', near: 'box-integration' },
    'neutral',
    'Unknown integration',
    'There is no integration "bx" for you on this server. IDs differ between servers. Did you mean "box-integration"? See yours with: benchkey integrations.',
  ],
  [
    { ...box, code: 'unknown_integration', reason: 'limited' },
    'neutral',
    'Not for this session',
    'This session may not use Box API Access: it is limited to other integrations. Open one that may at https://bench.corp.example.',
  ],
  [
    { code: 'bad_request', words: 'the body is not JSON' },
    'neutral',
    'Not understood',
    'Benchkey did not understand this request: the body is not JSON. Check the call; benchkey doctor tests this session.',
  ],
  [
    { code: 'session_ended' },
    'neutral',
    'Session ended',
    'This session has ended or lost its access, so it gets no tokens. Open a new one at https://bench.corp.example, or run: benchkey login.',
  ],
]

describe('the one table of states', () => {
  it.each(ROWS)('words %o', (state, tone, label, sentence) => {
    const words = sentenceOf(state, plain)
    expect(words.tone).toBe(tone)
    expect(words.label).toBe(label)
    expect(`${words.explanation} ${words.action}`).toBe(sentence)
  })

  it.each([
    [{ code: 'signed_in', reason: 'renews' }, 'renews itself'],
    [{ code: 'not_signed_in' }, ''],
    [{ code: 'reauthentication_required', reason: 'refused' }, 'stopped accepting your sign-in on 21 Nov 14:02 UTC'],
    [{ code: 'reauthentication_required', reason: 'unreadable' }, 'the stored sign-in is damaged'],
    [{ code: 'scope_missing', scopes: ['write', 'admin'] }, 'write, admin'],
    [{ code: 'renewal_delayed', words: 'answered 503' }, 'answered 503; works until 21 Nov 16:40 UTC'],
    [{ code: 'provider_unavailable', words: 'answered 503' }, 'answered 503 since 21 Nov 14:02 UTC'],
    [{ code: 'configuration_error', reason: 'client' }, "api.box.com refuses Benchkey's client ID or secret"],
  ] as const)('says %o in one line beside the label: %s', (state, brief) => {
    expect(sentenceOf({ ...box, ...state }, plain).brief).toBe(brief)
  })

  it('keeps explanation and action within 240 characters, whatever the names', () => {
    const long = 'x'.repeat(500)
    for (const [state] of ROWS) {
      const words = sentenceOf({ ...state, name: long, section: long, host: long, words: long, asked: long, near: long }, plain)
      expect(words.explanation.length).toBeLessThanOrEqual(240)
      expect(words.action.length).toBeLessThanOrEqual(240)
      expect(words.brief.length).toBeLessThanOrEqual(240)
    }
  })

  it('gives pages marks for local times, and paths for links', () => {
    const words = sentenceOf({ ...box, code: 'reauthentication_required', reason: 'refused' }, pagePhrasing('/bench'))
    expect(words.explanation).toContain('on {time:2026-11-21T14:02:33.000Z}.')
    expect(words.action).toContain('/bench/sign-in/box-integration')
  })

  it('repeats what a caller asked for without control characters, and not all of it', () => {
    const asked = `a\u001b[31m\r\n\u202e${'b'.repeat(200)}`
    expect(printable(asked)).toBe(`a?[31m???${'b'.repeat(70)}…`)
  })

  it('writes instants in UTC', () => {
    expect(utcTime(new Date('2027-01-02T03:04:59Z'))).toBe('2 Jan 03:04 UTC')
  })
})
