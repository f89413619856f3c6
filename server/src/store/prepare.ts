import type { Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import { newId } from './database.ts'
import { Cipher } from './encryption.ts'
import type { KeyRing } from './key-ring.ts'
import { registerKeys } from './keys.ts'
import { MIGRATION_NAMES, migrate } from './migrations.ts'
import type { Tables } from './schema.ts'

/** Encryption with the ring's keys. */
export function cipherOf(ring: KeyRing, effects: Effects): Cipher {
  return new Cipher(ring, (size) => effects.randomBytes(size))
}

/** Throws SetupError when migrations were applied that this program does not know. `database`: as the sentence names it. */
export function refuseNewer(applied: readonly string[], database: string): void {
  const unknown = applied.filter((name) => !MIGRATION_NAMES.includes(name))
  if (unknown.length === 0) return
  throw new SetupError(
    `The database ${database} was written by a newer Benchkey (${unknown.join(', ')}): start that version, or put back a backup of this one.`,
  )
}

/**
 * Tables, keys and the deployment's id, which it answers, all in the caller's transaction: a start that is cut off leaves an
 * empty database or a whole one.
 */
export async function prepareTables(
  transaction: Transaction<Tables>,
  cipher: Cipher,
  effects: Effects,
  keyFile: string,
): Promise<string> {
  await migrate(transaction)
  await registerKeys(transaction, cipher, effects.now(), keyFile)
  await transaction
    .insertInto('meta')
    .values({ key: 'deployment_id', value: newId(effects) })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
  const { value } = await transaction
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'deployment_id')
    .executeTakeFirstOrThrow()
  return value
}
