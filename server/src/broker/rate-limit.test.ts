import { describe, expect, test } from 'vitest'
import { addressKey, RateLimiter } from './rate-limit.ts'

function limiter(limit: { burst: number; everyMs: number }) {
  const clock = { ms: 1_000_000 }
  let next = 7
  const randomBytes = (size: number) => Uint8Array.from({ length: size }, () => (next = (next * 31 + 11) % 251))
  return { clock, limiter: new RateLimiter(limit, { monotonicMs: () => clock.ms, randomBytes }) }
}

describe('rate limiter', () => {
  test('lets a burst pass, then tells the whole seconds until the next attempt', () => {
    const { limiter: limited, clock } = limiter({ burst: 3, everyMs: 20_000 })
    expect([1, 2, 3].map(() => limited.take('ann'))).toEqual([0, 0, 0])
    expect(limited.take('ann')).toBe(20)
    clock.ms += 12_500
    expect(limited.take('ann')).toBe(8)
    clock.ms += 7_500
    expect(limited.take('ann')).toBe(0)
    expect(limited.take('ann')).toBe(20)
  })

  test('does not count what it refuses', () => {
    const { limiter: limited, clock } = limiter({ burst: 1, everyMs: 10_000 })
    limited.take('ann')
    for (let i = 0; i < 100; i += 1) limited.take('ann')
    clock.ms += 10_000
    expect(limited.take('ann')).toBe(0)
  })

  test('takes a rightful attempt back', () => {
    const { limiter: limited } = limiter({ burst: 1, everyMs: 10_000 })
    expect(limited.take('ann')).toBe(0)
    limited.giveBack('ann')
    expect(limited.take('ann')).toBe(0)
    expect(limited.take('ann')).toBe(10)
  })

  test('keeps a used-up key limited however many other keys follow', () => {
    const { limiter: limited } = limiter({ burst: 2, everyMs: 60_000 })
    limited.take('victim')
    limited.take('victim')
    for (let i = 0; i < 200_000; i += 1) limited.take(`flood-${i}`)
    expect(limited.take('victim')).toBeGreaterThan(0)
  })

  test('hardly ever holds back a stranger while ten thousand keys are used up', () => {
    const { limiter: limited } = limiter({ burst: 1, everyMs: 60_000 })
    for (let i = 0; i < 10_000; i += 1) limited.take(`busy-${i}`)
    const held = Array.from({ length: 1000 }, (_, i) => limited.take(`stranger-${i}`)).filter((wait) => wait > 0)
    expect(held.length).toBeLessThan(60)
  })
})

describe('address key', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('counts %s as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })
})
