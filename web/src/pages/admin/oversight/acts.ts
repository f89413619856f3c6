import type { PageAdminSession, PageUserSignIn } from '@benchkey/sdk/admin-pages'
import { oversightApi } from '../../../admin-api.ts'
import { END_WORDS, lockWords, removalWords } from '../../../oversight-words.ts'
import type { AdminAct } from './AdminDialog.tsx'

/** Locks or unlocks somebody. */
export const lockAct = (name: string, act: 'lock' | 'unlock'): AdminAct => ({
  title: act === 'lock' ? `Lock ${name}?` : `Unlock ${name}?`,
  words: lockWords[act](name),
  act: act === 'lock' ? 'Lock' : 'Unlock',
  look: act === 'lock' ? 'danger' : 'primary',
  run: () => oversightApi.act(name, act),
})

/** Ends a session of anybody. */
export const endAct = ({ id, name, userName }: PageAdminSession): AdminAct => ({
  title: `End ${name} of ${userName}?`,
  words: END_WORDS,
  act: 'End',
  run: () => oversightApi.endSession(id),
})

/** Deletes a stored sign-in, with revocation or without. */
export const removalAct = (user: string, { id, name }: PageUserSignIn, how: 'revoke' | 'purge'): AdminAct => ({
  title: how === 'revoke' ? `Revoke the sign-in of ${user} to ${name}?` : `Purge the sign-in of ${user} to ${name}?`,
  words: removalWords[how](user),
  act: how === 'revoke' ? 'Revoke' : 'Purge',
  run: () => oversightApi.removeSignIn(user, id, how),
})
