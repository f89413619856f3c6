import { describe, expect, test } from 'vitest'
import { processorMsOf } from '../../testing/processor-time.ts'
import { nearestName } from './nearest.ts'
import { OAUTH_CLIENT_OPTIONS } from './oauth-clients-options.ts'

const KNOWN = Object.keys(OAUTH_CLIENT_OPTIONS)

describe('nearest known name', () => {
  test.each([
    ['scope', 'scopes'],
    ['Client_ID', 'client-id'],
    ['clientid', 'client-id'],
    ['client-secert', 'client-secret'],
    ['secret', 'client-secret'],
    ['auth-url', 'authorization-url'],
    ['authorize-url', 'authorization-url'],
    ['token_endpoint_auth_method', 'token-endpoint-auth-method'],
    ['auth-method', 'token-endpoint-auth-method'],
    ['redirect_uri', 'redirect-uri'],
    ['revoke-url', 'revocation-url'],
  ])('of %s is %s', (written, name) => {
    expect(nearestName(written, KNOWN)).toMatchObject({ name, isLikely: true })
  })

  test('takes only a few wrong letters for a typing error', () => {
    expect(nearestName('client-secrte', KNOWN).isTypingError).toBe(true)
    expect(nearestName('auth-url', KNOWN).isTypingError).toBe(false)
    expect(nearestName('Zm9v', KNOWN)).toMatchObject({ isTypingError: false })
    expect(nearestName('g7Xd', KNOWN).isTypingError).toBe(false)
  })

  test('of a megabyte is found at once', async () => {
    const find = () => expect(nearestName('x'.repeat(1_000_000), KNOWN).isLikely).toBe(false)
    expect(await processorMsOf(find)).toBeLessThan(1_000)
  })
})
