import type { Selectable } from 'kysely'
import type { StoreContext } from './database.ts'
import { isDeserted } from './nodes.ts'
import type { Oauth2TokensTable } from './schema.ts'
import type { LeaseHolder, TokenStore } from './store.ts'

type LeaseMethods = Pick<TokenStore, 'takeLease' | 'renewLease' | 'releaseLease'>
type LeaseColumns = Pick<
  Selectable<Oauth2TokensTable>,
  'lease_node' | 'lease_incarnation' | 'lease_pid' | 'lease_start_time' | 'lease_boot' | 'lease_until'
>

const NO_LEASE: LeaseColumns = {
  lease_node: null,
  lease_incarnation: null,
  lease_pid: null,
  lease_start_time: null,
  lease_boot: null,
  lease_until: null,
}

/** The right to refresh a row: columns of the row, never a lock held across a token request (refresh.md, *Who may send*). */
export function leases({ database }: StoreContext): LeaseMethods {
  return {
    takeLease: (tokenId, holder, monotonicMs, durationMs, isDead) =>
      database.write(async (transaction) => {
        const row = await transaction
          .selectFrom('oauth2_tokens')
          .select(['lease_node', 'lease_incarnation', 'lease_pid', 'lease_start_time', 'lease_boot', 'lease_until'])
          .where('id', '=', tokenId)
          .executeTakeFirst()
        if (!row) return false
        const other = holderOf(row)
        if (other && !isSame(other, holder) && !isVoid(row, other, holder, monotonicMs) && !isDead(other)) {
          const lease = { holder: other, untilMs: row.lease_until ?? 0, durationMs }
          if (!(await isDeserted(transaction, lease, holder, monotonicMs))) return false
        }
        // Compare and swap: where transactions do not exclude each other, another may have taken it since it was read.
        let swap = transaction
          .updateTable('oauth2_tokens')
          .set(columnsOf(holder, monotonicMs + durationMs))
          .where('id', '=', tokenId)
        for (const [column, value] of Object.entries(row)) {
          swap = swap.where(column as keyof LeaseColumns, 'is not distinct from', value)
        }
        return (await swap.executeTakeFirst()).numUpdatedRows > 0n
      }),
    renewLease: (tokenId, holder, monotonicMs, durationMs) =>
      database.write(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('oauth2_tokens')
          .set({ lease_until: Math.round(monotonicMs + durationMs) })
          .where('id', '=', tokenId)
          .where((row) => row.and(heldBy(holder)))
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),
    async releaseLease(tokenId, holder) {
      await database.write((transaction) =>
        transaction
          .updateTable('oauth2_tokens')
          .set(NO_LEASE)
          .where('id', '=', tokenId)
          .where((row) => row.and(heldBy(holder)))
          .execute(),
      )
    },
  }
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

/** Over by its time, or of another boot of this host, whose monotonic clock says nothing here. */
function isVoid(row: LeaseColumns, other: LeaseHolder, holder: LeaseHolder, monotonicMs: number): boolean {
  return other.bootId !== holder.bootId || (row.lease_until ?? 0) <= monotonicMs
}

function columnsOf(holder: LeaseHolder, untilMs: number): LeaseColumns {
  return { ...heldBy(holder), lease_until: Math.round(untilMs) }
}

function holderOf(row: LeaseColumns): LeaseHolder | undefined {
  if (row.lease_node === null) return undefined
  return {
    nodeId: row.lease_node,
    incarnation: row.lease_incarnation ?? '',
    pid: row.lease_pid ?? 0,
    startTime: row.lease_start_time ?? '',
    bootId: row.lease_boot ?? '',
  }
}

function isSame(one: LeaseHolder, other: LeaseHolder): boolean {
  return (
    one.nodeId === other.nodeId &&
    one.incarnation === other.incarnation &&
    one.pid === other.pid &&
    one.startTime === other.startTime &&
    one.bootId === other.bootId
  )
}
