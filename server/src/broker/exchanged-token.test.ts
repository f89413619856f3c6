import { expect, test } from 'vitest'
import { exchangedOf } from './exchanged-token.ts'

const NOW = new Date('2026-11-23T12:00:00.250Z')
const of = (expiry: string, more: object = {}) => exchangedOf(JSON.stringify({ access_token: 't', expiry, ...more }), NOW)

test.each([
  ['2026-11-23T13:00:01Z', 3600],
  ['2026-11-23T12:00:00Z', 0],
  ['2026-11-23T11:00:00Z', 0],
  ['9999-12-31T23:59:59Z', undefined],
])('a token that ends at %s lives %s whole seconds, never too many', (expiry, seconds) => {
  expect(of(expiry)).toEqual({ accessToken: 't', expiresInSeconds: seconds })
})

test('what is said beside a token goes with it', () => {
  const beside = { warning: 'Renewal is delayed.', extra: { tenant: 't' } }
  expect(of('2026-11-23T13:00:01Z', beside)).toMatchObject(beside)
})
