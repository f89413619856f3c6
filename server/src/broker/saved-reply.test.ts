import { describe, expect, test } from 'vitest'
import { savedReplyOf } from './saved-reply.ts'

const SENT = new Date('2026-11-23T10:00:00Z')
const after = (seconds: number) => new Date(SENT.getTime() + seconds * 1000)
const endOf = (reply: { expiresAt?: Date; expiresInSeconds?: number }, expiresInDefaultSeconds = 60) =>
  savedReplyOf({ expiresInDefaultSeconds }, { accessToken: 'at', tokenType: 'Bearer', ...reply }, SENT).expiresAt

describe('the end of an access token', () => {
  test('is the instant that was told, before any life', () => {
    expect(endOf({ expiresAt: after(500), expiresInSeconds: 100 })).toEqual(after(500))
  })

  test('is by the life that was told, else by the default, when the instant makes no sense', () => {
    for (const expiresAt of [after(-1), after(0), after(20 * 366 * 24 * 3600)]) {
      expect(endOf({ expiresAt, expiresInSeconds: 100 })).toEqual(after(100))
      expect(endOf({ expiresAt })).toEqual(after(60))
    }
  })
})
