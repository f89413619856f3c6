import { describe, expect, it } from 'vitest'
import { countWords, hoursWords, labelParts, loginPurpose, matches, monogramOf, renewalWords, signOutWords } from './words.ts'

describe('countWords', () => {
  it('counts integrations and those that need the user', () => {
    const words = (count: number, needYou: number) =>
      countWords({ integrations: Array.from({ length: count }), needYou } as never)
    expect([words(6, 1), words(6, 2), words(6, 0), words(1, 1)]).toEqual([
      '6 integrations, 1 needs you',
      '6 integrations, 2 need you',
      '6 integrations',
      '1 integration, 1 needs you',
    ])
  })
})

describe('signOutWords', () => {
  it('names what is lost, for no, one and more sessions', () => {
    const said = 'Benchkey deletes the stored tokens and asks the service to revoke them.'
    expect(signOutWords(0)).toBe(said)
    expect(signOutWords(1)).toBe(`${said} Running code in 1 session stops getting tokens.`)
    expect(signOutWords(2)).toBe(`${said} Running code in 2 sessions stops getting tokens.`)
  })
})

describe('labelParts', () => {
  it('splits healthy labels only', () => {
    expect(labelParts({ state: 'signed_in', label: 'Signed in · renews itself' })).toEqual({
      label: 'Signed in',
      rest: 'renews itself',
    })
    expect(labelParts({ state: 'signed_in', label: 'Signed in' })).toEqual({ label: 'Signed in' })
    const delayed = 'Signed in · renewal delayed'
    expect(labelParts({ state: 'renewal_delayed', label: delayed })).toEqual({ label: delayed })
  })
})

describe('renewalWords', () => {
  it('says how often, and when last', () => {
    expect(renewalWords(1, undefined)).toBe('Once')
    expect(renewalWords(1214, '2026-11-21T10:02:00Z')).toBe('1,214 times, last {time:2026-11-21T10:02:00Z}')
  })
})

describe('monogramOf', () => {
  it('takes the first letters of the first two words, of any script', () => {
    expect(['Box API Access', 'github', 'ärzte_netz', '日本 語', '***', '𝒳y z'].map(monogramOf)).toEqual([
      'BA',
      'G',
      'ÄN',
      '日語',
      '·',
      '𝒳Z',
    ])
  })
})

it('hoursWords tells a life in hours', () => {
  expect([3600, 12 * 3600].map(hoursWords)).toEqual(['1 hour', '12 hours'])
})

describe('loginPurpose', () => {
  it('repeats a section only when it reads as one', () => {
    expect(loginPurpose('box-integration')).toBe('Log in to continue to: sign in to box-integration.')
    expect(loginPurpose('Call 555-1234 now')).toBe('Log in to continue to: sign in to an integration.')
  })
})

describe('matches', () => {
  it('wants every word, in any text and case', () => {
    expect(matches('BOX api', ['Box', undefined, 'an API'])).toBe(true)
    expect(matches('box zoom', ['Box'])).toBe(false)
    expect(matches('', ['Box'])).toBe(true)
  })
})
