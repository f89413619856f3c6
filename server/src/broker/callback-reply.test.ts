import { describe, expect, test } from 'vitest'
import { providerText, readAuthorizationReply } from './callback-reply.ts'

describe('an authorization response', () => {
  test('is read by its names; what nobody asked for is left out', () => {
    const parameters = [
      ['state', 's'],
      ['code', 'c'],
      ['__proto__', 'x'],
      ['session_state', 'y'],
    ] as const
    expect(readAuthorizationReply(parameters)).toEqual({ state: 's', code: 'c' })
  })

  test('with a parameter without value is read as without that parameter (RFC 6749 §3.1)', () => {
    expect(
      readAuthorizationReply([
        ['state', 's'],
        ['code', ''],
        ['error', ''],
      ]),
    ).toEqual({ state: 's' })
  })

  test('with any parameter twice is not read', () => {
    expect(
      readAuthorizationReply([
        ['state', 's'],
        ['x', '1'],
        ['x', '1'],
      ]),
    ).toBe('doubled')
    expect(
      readAuthorizationReply([
        ['code', ''],
        ['code', 'c'],
      ]),
    ).toBe('doubled')
  })
})

describe("a provider's text", () => {
  test('loses what is not of RFC 6749 §4.1.2.1, and is cut at 200 characters', () => {
    expect(providerText('a "b" \\c\r\n\u001b[31md é', [])).toBe('a b c [31md')
    expect(providerText('x'.repeat(500), [])).toHaveLength(200)
    expect(providerText('\u0000\n"', [])).toBeUndefined()
  })

  test('loses the secrets of the sign-in, wherever a service repeats them', () => {
    expect(providerText('code s3cret-code is bad: s3cret-code', ['s3cret-code', undefined, ''])).toBe('code ... is bad: ...')
  })
})
