import { describe, expect, it } from 'vitest'
import { effectiveMinTtlMs, isAlive, isFresh } from './stored-token.ts'

const issuedAt = new Date('2026-11-23T10:00:00Z')
const tokenOf = (lifeSeconds: number) => ({ issuedAt, expiresAt: new Date(issuedAt.getTime() + lifeSeconds * 1000) })
const at = (seconds: number): Date => new Date(issuedAt.getTime() + seconds * 1000)

describe('the effective min_ttl', () => {
  it.each([
    ['a token of an hour must have 5 minutes left', 3600, undefined, 300],
    ['a token of 20 minutes must have a tenth of its life left', 1200, undefined, 120],
    ['a token of 5 minutes must have a minute left', 300, undefined, 60],
    ['a token of a minute must have half of its life left', 60, undefined, 30],
    ['a caller may ask for less', 3600, 10, 10],
    ['a caller may ask for more, up to half of the life', 3600, 7200, 1800],
    ['a token that is born dead must have nothing', 0, undefined, 0],
  ])('%s', (_what, lifeSeconds, askedSeconds, expectedSeconds) => {
    const asked = askedSeconds === undefined ? undefined : askedSeconds * 1000
    expect(effectiveMinTtlMs(tokenOf(lifeSeconds), asked)).toBe(expectedSeconds * 1000)
  })
})

describe('freshness', () => {
  it('ends when the remaining life is the effective min_ttl', () => {
    expect(isFresh(tokenOf(3600), at(3299), undefined)).toBe(true)
    expect(isFresh(tokenOf(3600), at(3300), undefined)).toBe(false)
  })

  it('lasts forever for a token whose life is unknown', () => {
    expect(isFresh({ issuedAt }, at(10 ** 9), 3600_000)).toBe(true)
    expect(isAlive({}, at(10 ** 9))).toBe(true)
  })

  it('is not needed to be alive', () => {
    expect(isAlive(tokenOf(3600), at(3599))).toBe(true)
    expect(isAlive(tokenOf(3600), at(3600))).toBe(false)
  })
})
