import { expect, test } from 'vitest'
import { normalise } from './normalise.ts'
import { outcomeOfReply } from './token-outcome.ts'

test('a new refresh token beside an error is in no word of it', () => {
  const body = JSON.stringify({ error: 'use rt-9f3 now', refresh_token: 'rt-9f3' })
  const reply = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }
  const normalised = normalise(reply)
  if (normalised.kind === 'tokens') throw new Error('it is an error')
  expect(outcomeOfReply(reply, normalised, { deadErrors: [], secrets: [], now: new Date(0) })).toEqual({
    kind: 'uncertain',
    words: 'answered use [removed] now',
    refreshToken: 'rt-9f3',
  })
})
