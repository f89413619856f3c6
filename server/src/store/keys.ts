import type { Transaction } from 'kysely'
import { SetupError } from '../domain/errors.ts'
import type { Cipher, Place } from './encryption.ts'
import type { Tables } from './schema.ts'

const SENTINEL = 'benchkey'

/** Throws SetupError, in one sentence naming the key file, unless every key the database knows is at hand and the right one. */
export function checkSentinels(cipher: Cipher, rows: readonly { kid: string; sentinel: string }[], keyFile: string): void {
  for (const { kid, sentinel } of rows) {
    if (!cipher.kids.includes(kid)) {
      throw new SetupError(
        `The key file ${keyFile} lacks the key ${kid} that the database was encrypted with: put the right file back from your backup, or copy it from another server of this database.`,
      )
    }
    if (!opens(cipher, kid, sentinel)) {
      throw new SetupError(
        `The key ${kid} in the key file ${keyFile} is not the one that the database was encrypted with: put the right file back from your backup, or copy it from another server of this database.`,
      )
    }
  }
}

/** Gives every key of the ring its row, having checked those that have one. Throws SetupError. */
export async function registerKeys(transaction: Transaction<Tables>, cipher: Cipher, now: Date, keyFile: string): Promise<void> {
  const rows = await transaction.selectFrom('keys').select(['kid', 'sentinel']).execute()
  checkSentinels(cipher, rows, keyFile)
  for (const kid of cipher.kids) {
    if (rows.some((row) => row.kid === kid)) continue
    const sentinel = cipher.seal(SENTINEL, placeOf(kid), kid)
    await transaction.insertInto('keys').values({ kid, sentinel, created_at: now.getTime() }).execute()
  }
}

function opens(cipher: Cipher, kid: string, sentinel: string): boolean {
  try {
    return cipher.open(sentinel, placeOf(kid)) === SENTINEL
  } catch {
    // The caller says so in the words of a start that is refused.
    return false
  }
}

function placeOf(kid: string): Place {
  return { table: 'keys', column: 'sentinel', userId: '', integrationId: '', rowId: kid, generation: 0 }
}
