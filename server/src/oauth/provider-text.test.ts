import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { providerErrorCode, providerText } from './provider-text.ts'

describe("a provider's text", () => {
  test('keeps plain words and trace ids', () => {
    const text = 'AADSTS70000: refused. Trace ID: 0b3c5a1e-6f3b-4d55-9d3f-0c8f6e1f2a3b'
    expect(providerText(text, [])).toBe(text)
  })

  test('holds nothing that was sent in confidence, however it is spelt', () => {
    const secret = 'p+q/r&s é'
    const spellings = [secret, encodeURIComponent(secret), 'p%2Bq%2Fr%26s+%C3%A9', Buffer.from(secret).toString('base64')]
    for (const spelling of spellings) expect(providerText(`bad ${spelling} here`, [secret])).toBe('bad [removed] here')
    const odd = ['p%2bq%2fr%26s%20%c3%a9', 'p%2bq/r&s+%C3%a9', '%70+q/r&s é']
    for (const spelling of odd) expect(providerText(`bad ${spelling} here`, [secret])).toBe('[removed]')
  })

  test('holds nothing that looks like a token', () => {
    expect(providerText(`token ${'Ab3-'.repeat(12)} is spent`, [])).toBe('token [removed] is spent')
  })

  test('is cut at 200 characters, an error code at 80', () => {
    expect(providerText('word '.repeat(100), [])).toHaveLength(200)
    expect(providerErrorCode('code '.repeat(100), [])).toHaveLength(80)
  })

  test("holds only RFC 6749's characters and never the secret, for any text", () => {
    const secrets = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
      .filter((s) => s.trim() === s && !'[removed]'.includes(s))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), secrets, fc.string({ unit: 'binary' }), (before, secret, after) => {
        const text = providerText(before + secret + after, [secret])
        expect(text).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/)
        expect(text.length).toBeLessThanOrEqual(200)
        if (!(before + after).includes(secret)) expect(text).not.toContain(secret)
      }),
    )
  })
})
