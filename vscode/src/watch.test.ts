import type { WireIntegration } from '@benchkey/sdk'
import { expect, test } from 'vitest'
import { LOOK_EVERY_MS, type Sight, Watch } from './watch.ts'

/** A world whose answers and timers the test lets go by hand. */
function world() {
  const answers: { give(names: string[]): void; fail(error: Error): void }[] = []
  const timers = new Set<{ ms: number; callback: () => void }>()
  const watch = new Watch({
    list: () =>
      new Promise((give, fail) => {
        answers.push({ give: (names) => give(names.map((name) => ({ name }) as WireIntegration)), fail })
      }),
    later: (ms, callback) => {
      const timer = { ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  })
  const sights: Sight[] = []
  watch.onSight((sight) => sights.push(sight))
  const settle = () => new Promise((done) => setImmediate(done))
  const answer = async (...names: string[]) => {
    answers.shift()?.give(names)
    await settle()
  }
  const fail = async (error: Error) => {
    answers.shift()?.fail(error)
    await settle()
  }
  const ring = () => {
    for (const timer of [...timers]) {
      timers.delete(timer)
      timer.callback()
    }
  }
  const seen = () => sights.map(({ integrations, trouble }) => [integrations.map(({ name }) => name).join(), trouble?.message])
  return { watch, answers, timers, answer, fail, ring, seen }
}

test('a view that becomes visible is filled at once, then every 30 s, counted from the end of the look', async () => {
  const { watch, answers, timers, answer, ring, seen } = world()
  watch.setVisible(true)
  expect(timers.size).toBe(0)
  await answer('a')
  expect([...timers].map(({ ms }) => ms)).toEqual([LOOK_EVERY_MS])
  ring()
  await answer('a', 'b')
  expect(seen()).toEqual([
    ['a', undefined],
    ['a,b', undefined],
  ])
  expect(answers).toHaveLength(0)
  expect(timers.size).toBe(1)
})

test('a hidden view asks nothing, not even after a look that was under way', async () => {
  const { watch, answers, timers, answer } = world()
  watch.setVisible(true)
  watch.setVisible(false)
  await answer('a')
  expect(timers.size).toBe(0)
  void watch.look()
  await answer('a')
  expect(timers.size).toBe(0)
  watch.setVisible(true)
  expect(answers).toHaveLength(1)
})

test('whoever asks during a look gets one that began afterwards, and all of them the same', async () => {
  const { watch, answers, answer, seen } = world()
  const first = watch.look()
  const later = [watch.look(), watch.look()]
  expect(answers).toHaveLength(1)
  await answer('old')
  expect(answers).toHaveLength(1)
  await answer('new')
  await Promise.all([first, ...later])
  expect(seen().map(([names]) => names)).toEqual(['old', 'new'])
})

test('what was seen stays while the server is away, beside the trouble', async () => {
  const { watch, answer, fail, seen } = world()
  void watch.look()
  await answer('a')
  void watch.look()
  await fail(new Error('Benchkey at localhost refused the connection.'))
  void watch.look()
  await answer('a')
  expect(seen()).toEqual([
    ['a', undefined],
    ['a', 'Benchkey at localhost refused the connection.'],
    ['a', undefined],
  ])
})

test('a watch that was disposed tells nobody and asks no more', async () => {
  const { watch, timers, answer, seen } = world()
  watch.setVisible(true)
  watch.dispose()
  await answer('a')
  expect(seen()).toEqual([])
  expect(timers.size).toBe(0)
})
