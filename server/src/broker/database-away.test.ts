import { expect, it } from 'vitest'
import { StoreError } from '../store/store.ts'
import { databaseAway, orSayAway } from './database-away.ts'

const silent = { warn: () => {}, error: () => {} }
const failing = (code: StoreError['code']) =>
  orSayAway(silent, 'This', Promise.reject(new StoreError(code, 'words of the store')))

it.each(['busy', 'full', 'io'] as const)(
  'a write that the database took nothing of (%s) has changed nothing, and says so',
  async (code) => {
    await expect(failing(code)).rejects.toMatchObject({
      code: 'database_unavailable',
      message: "Benchkey's database cannot be written at the moment. Nothing has changed; try again in a minute.",
      details: { retryAfterSeconds: 60 },
    })
  },
)

it('a commit without an answer is not told as one that changed nothing', async () => {
  const told = await failing('unknown').catch((failure: unknown) => failure)
  expect(told).toMatchObject({ code: 'database_unavailable', message: expect.stringContaining('it is not known whether') })
  expect(String(told)).not.toContain('Nothing has changed')
  expect(databaseAway(new StoreError('unknown', 'x'))?.message).toBe((told as Error).message)
})

it('what is no fault of the database passes', async () => {
  await expect(failing('missing')).rejects.toBeInstanceOf(StoreError)
  expect(databaseAway(new Error('another'))).toBeUndefined()
})
