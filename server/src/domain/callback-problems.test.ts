import { describe, expect, test } from 'vitest'
import { type CallbackProblem, callbackSentenceOf } from './callback-problems.ts'

const ALL: readonly CallbackProblem[] = [
  'denied',
  'dead_link',
  'scope_refused',
  'client_refused',
  'provider_failed',
  'logged_out',
  'doubled',
  'not_yet',
  'not_saved',
  'too_many',
]

describe('a callback problem', () => {
  test.each(ALL)('%s is told in whole sentences, with and without the integration', (problem) => {
    for (const facts of [{}, { name: 'Box API Access', section: 'box integration', host: 'account.box.com' }]) {
      const { status, title, explanation, button } = callbackSentenceOf(problem, facts)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(title).toMatch(/^\S.*[^.]$/)
      expect(explanation).toMatch(/^\S.*\.$/)
      expect(`${title} ${explanation}`).not.toMatch(/please|oops|invalid|successfully|an error occurred|undefined/i)
      expect(button.path).toMatch(/^\/(login|settings\/managed-credentials|sign-in\/box%20integration)$/)
      expect(explanation.length).toBeLessThanOrEqual(240)
    }
  })

  test('names the service and whose side it is', () => {
    const facts = { name: 'Box', section: 'box', host: 'box.com' }
    expect(callbackSentenceOf('denied', facts).explanation).toBe(
      'box.com reports that access was not granted; nothing has changed.',
    )
    expect(callbackSentenceOf('denied', {}).explanation).toMatch(/^The service reports/)
    expect(callbackSentenceOf('client_refused', facts).explanation).toMatch(/^You did nothing wrong: /)
    expect(callbackSentenceOf('too_many', { retryAfterSeconds: 7 }).explanation).toMatch(/in 7 seconds\./)
  })
})
