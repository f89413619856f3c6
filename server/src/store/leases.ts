import { type Expression, expressionBuilder, type Kysely, type SqlBool, sql, type Transaction, type UpdateResult } from 'kysely'
import { type Database, REPEATABLE, type StoreContext } from './database.ts'
import type { LeaseClock } from './lease-clock.ts'
import { isDeserted } from './nodes.ts'
import type { Tables } from './schema.ts'
import type { LeaseHolder, TokenStore } from './store.ts'

type LeaseMethods = Pick<TokenStore, 'takeLease' | 'renewLease' | 'releaseLease'>

const NO_LEASE = {
  lease_node: null,
  lease_incarnation: null,
  lease_pid: null,
  lease_start_time: null,
  lease_boot: null,
  lease_until: null,
} as const

/** The right to refresh a row: columns of the row, never a lock held across a token request (refresh.md, *Who may send*). */
export function leases({ database }: StoreContext): LeaseMethods {
  const untilOf = ({ nowMs }: LeaseClock, durationMs: number) => sql<number>`${nowMs} + ${Math.round(durationMs)}`
  return {
    async takeLease(tokenId, holder, monotonicMs, durationMs, isDead) {
      const clock = database.leaseClock(holder.bootId, monotonicMs)
      const values = { ...heldBy(holder), lease_until: untilOf(clock, durationMs) }
      const row = (on: Kysely<Tables>) => on.updateTable('oauth2_tokens').set(values).where('id', '=', tokenId)
      const takeFree = (on: Kysely<Tables>) => isHit(row(on).where((lease) => lease.or(freeFor(holder, clock))))
      if (await database.writeOne(takeFree)) return true
      return database.write(async (transaction) => {
        const other = await heldNow(database, transaction, tokenId)
        if (!other) return takeFree(transaction)
        if (!isDead(other.holder) && !(await isDeserted(transaction, { ...other, durationMs }, holder, clock))) return false
        return isHit(row(transaction))
      }, REPEATABLE)
    },
    renewLease: (tokenId, holder, monotonicMs, durationMs) =>
      database.writeOne((single) => {
        const clock = database.leaseClock(holder.bootId, monotonicMs)
        return isHit(mine(single, tokenId, holder).set({ lease_until: untilOf(clock, durationMs) }))
      }),
    async releaseLease(tokenId, holder) {
      await database.writeOne((single) => mine(single, tokenId, holder).set(NO_LEASE).execute())
    },
  }
}

function mine(database: Kysely<Tables>, tokenId: string, holder: LeaseHolder) {
  return database
    .updateTable('oauth2_tokens')
    .where('id', '=', tokenId)
    .where((row) => row.and(heldBy(holder)))
}

/** The columns that say a lease is this holder's. */
export function heldBy(holder: LeaseHolder) {
  return {
    lease_node: holder.nodeId,
    lease_incarnation: holder.incarnation,
    lease_pid: holder.pid,
    lease_start_time: holder.startTime,
    lease_boot: holder.bootId,
  }
}

/** Each of these alone makes a row's lease the holder's for the taking; whether another holder is dead, the caller knows. */
function freeFor(holder: LeaseHolder, clock: LeaseClock): Expression<SqlBool>[] {
  const row = expressionBuilder<Tables, 'oauth2_tokens'>()
  return [
    row('lease_node', 'is', null),
    row('lease_until', '<=', clock.nowMs),
    row.and(heldBy(holder)),
    ...(clock.isOfOneBoot ? [row('lease_boot', '!=', holder.bootId)] : []),
  ]
}

/** Who holds the row's lease, which stays so until the end of the transaction; undefined when the row is gone. */
async function heldNow(
  database: Database,
  transaction: Transaction<Tables>,
  tokenId: string,
): Promise<{ holder: LeaseHolder; untilMs: number } | undefined> {
  const query = transaction
    .selectFrom('oauth2_tokens')
    .select(['lease_node', 'lease_incarnation', 'lease_pid', 'lease_start_time', 'lease_boot', 'lease_until'])
    .where('id', '=', tokenId)
  const row = await database.locked(query).executeTakeFirst()
  if (!row || row.lease_node === null) return undefined
  const holder = {
    nodeId: row.lease_node,
    incarnation: row.lease_incarnation ?? '',
    pid: row.lease_pid ?? 0,
    startTime: row.lease_start_time ?? '',
    bootId: row.lease_boot ?? '',
  }
  return { holder, untilMs: row.lease_until ?? 0 }
}

async function isHit(change: { executeTakeFirst(): Promise<UpdateResult> }): Promise<boolean> {
  return (await change.executeTakeFirst()).numUpdatedRows > 0n
}
