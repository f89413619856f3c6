import type { Effects } from '../domain/effects.ts'
import { StoreError } from './store.ts'

/** The answer, or a rejection with code `busy` when it is not there in time; whatever it is then, nobody hears of it. */
export async function inTime<T>(effects: Pick<Effects, 'sleep'>, ms: number, answer: Promise<T>): Promise<T> {
  const isAnswered = new AbortController()
  const late = effects.sleep(ms, isAnswered.signal).then(() => {
    throw new StoreError('busy', `The database has taken no write for ${ms / 1000} s.`)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    isAnswered.abort()
  }
}
