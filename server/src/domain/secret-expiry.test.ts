import { describe, expect, test } from 'vitest'
import { expiryOf, expirySentence } from './secret-expiry.ts'

const EXPIRES = new Date('2027-03-01T00:00:00Z')

function at(now: string): { readonly words: string; readonly isUrgent: boolean } | undefined {
  const expiry = expiryOf(EXPIRES, new Date(now))
  return expiry && { words: expirySentence(expiry, false).fact, isUrgent: expiry.isUrgent }
}

describe('the end of a client secret', () => {
  test.each([
    ['2027-01-29T23:59:59Z', undefined],
    ['2027-01-30T00:00:00Z', { words: 'the client secret ends in 30 days, on 2027-03-01', isUrgent: false }],
    ['2027-02-21T23:59:59Z', { words: 'the client secret ends in 8 days, on 2027-03-01', isUrgent: false }],
    ['2027-02-22T00:00:00Z', { words: 'the client secret ends in 7 days, on 2027-03-01', isUrgent: true }],
    ['2027-02-28T12:00:00Z', { words: 'the client secret ends within a day, on 2027-03-01', isUrgent: true }],
    ['2027-03-01T00:00:00Z', { words: 'the client secret ended on 2027-03-01', isUrgent: true }],
    ['2028-03-01T00:00:00Z', { words: 'the client secret ended on 2027-03-01', isUrgent: true }],
  ])('is told at %s as %j', (now, told) => {
    expect(at(now)).toEqual(told)
  })

  test('asks for the next one where it is there already', () => {
    const expiry = expiryOf(EXPIRES, EXPIRES)
    expect(expiry && expirySentence(expiry, true).action).toBe(
      'make the one in client-secret-next the client-secret, and write its day here',
    )
  })
})
