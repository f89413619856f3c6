import { describe, expect, it } from 'vitest'
import { auditQueryOf, healthWords, instantOfDay, renewedWords, userWords } from './oversight-words.ts'

describe('what the audit is asked for', () => {
  it('takes days as they begin and end here, and leaves out what is none', () => {
    const begins = new Date(2026, 10, 20).toISOString()
    const ends = new Date(2026, 10, 21).toISOString()
    expect(instantOfDay('2026-11-20', 'begins')).toBe(begins)
    expect(instantOfDay('2026-11-20', 'ends')).toBe(ends)
    for (const day of [null, '', 'yesterday', '2026-11', '2026-11-20T00:00']) expect(instantOfDay(day, 'begins')).toBeUndefined()
    const search = new URLSearchParams('user=ada&reference=K7QM-2ABC&from=2026-11-20&until=x&all=1&before=9&else=1')
    expect(Object.fromEntries(new URLSearchParams(auditQueryOf(search)))).toEqual({
      user: 'ada',
      reference: 'K7QM-2ABC',
      all: '1',
      before: '9',
      from: begins,
    })
  })
})

it('an integration is told by its people, and by what is wrong with their sign-ins only when it is', () => {
  const health = { uid: 'u', section: 's', name: 'n', mark: { tone: 'ok', label: '' } } as const
  expect(healthWords({ ...health, people: 0, peopleToSignIn: 0, peopleWithoutRefresh: 0 })).toBe('no sign-ins yet')
  expect(healthWords({ ...health, people: 1, peopleToSignIn: 0, peopleWithoutRefresh: 0 })).toBe('1 person')
  expect(healthWords({ ...health, people: 1200, peopleToSignIn: 1, peopleWithoutRefresh: 31 })).toBe(
    '1,200 people\u00a0· 1 has to sign in again\u00a0· 31 cannot renew',
  )
})

it('a person is told by what there is, not by what there is not', () => {
  const user = { name: 'ada', isAdmin: false, createdAt: '', signIns: 0, sessions: 0, browsers: 0 }
  expect(userWords(user)).toBe('no sign-ins, no sessions')
  expect(userWords({ ...user, signIns: 1, browsers: 1200 })).toBe('1 sign-in\u00a0· 1,200 browsers')
})

it('renewals are told as people say it', () => {
  expect([0, 1, 1200].map(renewedWords)).toEqual(['not renewed yet', 'renewed once', 'renewed 1,200 times'])
})
