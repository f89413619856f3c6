import { describe, expect, test } from 'vitest'
import { Exchanges } from './exchanges.ts'

const exchange = (entryHash: string, sessionId = 'lab') => ({ entryHash, sessionId, cut: () => undefined })

describe('what is open to one session', () => {
  test('is bounded by its entry, and over all of its entries', () => {
    const exchanges = new Exchanges()
    const open = (entryHash: string, count: number) => Array.from({ length: count }, () => exchanges.begin(exchange(entryHash)))
    expect(open('one', 129).filter((end) => end !== undefined)).toHaveLength(128)
    const others = open('two', 128)
    expect(exchanges.begin(exchange('three'))).toBeUndefined()
    expect(exchanges.begin(exchange('three', 'another'))).toBeDefined()
    for (const end of [others[0], others[0]]) end?.()
    expect(exchanges.begin(exchange('three'))).toBeDefined()
    expect(exchanges.begin(exchange('three'))).toBeUndefined()
  })
})
