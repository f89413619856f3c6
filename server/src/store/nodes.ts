import { type Expression, expressionBuilder, type Selectable, type SqlBool, sql, type Transaction } from 'kysely'
import { type Database, ifSet, type StoreContext, toDate } from './database.ts'
import type { LeaseClock } from './lease-clock.ts'
import type { NodesTable, Tables } from './schema.ts'
import type { LeaseHolder, NodeStore, ServerNode } from './store.ts'

/** A node whose heartbeat is older than this counts as dead (refresh.md, *Who may send*). */
const DEAD_MS = 15_000
/** Heartbeats come every 5 s; one that comes later than this after the one before was held up by something. */
const ON_TIME_MS = 10_000
/** The send fence of a lease's holder closes when it has not confirmed the lease for this long (refresh.md, *Who may send*). */
const FENCE_MS = 10_000
/** How long a node that fell silent stays in the list. */
const SILENT_KEPT_MS = 10 * 60_000

/** Live server processes. */
export function nodeStore({ database, effects }: StoreContext): NodeStore {
  return {
    async beat(node) {
      const clock = database.leaseClock(effects.bootId, effects.monotonicMs())
      await database.write((transaction) => beat(transaction, node, clock, effects.now().getTime()), { isRepeatable: true })
    },
    async remove(incarnation) {
      const removal = (transaction: Transaction<Tables>) =>
        transaction.deleteFrom('nodes').where('incarnation', '=', incarnation).execute()
      await database.write(removal, { isRepeatable: true })
    },
    async list() {
      const { name, nowMs } = database.leaseClock(effects.bootId, effects.monotonicMs())
      const rows = await database.reader
        .selectFrom('nodes')
        .selectAll()
        .select(nowMs.as('now_ms'))
        .orderBy('host')
        .orderBy('started_at')
        .execute()
      return rows.map((row) => toNode(row, row.clock === name && row.now_ms - row.heartbeat_ms <= DEAD_MS))
    },
  }
}

/**
 * Whether the holder of a lease is silent for so long that the lease is void before its time. The one who judges must have
 * had its own heartbeats on time for as long: one whom a locked database held up has learned nothing about others, which the
 * lock held up as well. And the lease must be unconfirmed for longer than its holder's send fence stays open, so that what
 * leaves after this is never a second request.
 */
export async function isDeserted(
  transaction: Transaction<Tables>,
  lease: { readonly holder: LeaseHolder; readonly untilMs: number; readonly durationMs: number },
  judge: LeaseHolder,
  { name, nowMs }: LeaseClock,
): Promise<boolean> {
  const rows = await transaction
    .selectFrom('nodes')
    .select(['incarnation', 'heartbeat_ms', 'steady_ms', nowMs.as('now_ms')])
    .where('clock', '=', name)
    .where('incarnation', 'in', [lease.holder.incarnation, judge.incarnation])
    .execute()
  const silent = rows.find(({ incarnation }) => incarnation === lease.holder.incarnation)
  const own = rows.find(({ incarnation }) => incarnation === judge.incarnation)
  if (!silent || !own) return false
  const now = own.now_ms
  const isSteady = now - own.heartbeat_ms <= ON_TIME_MS && now - own.steady_ms >= DEAD_MS
  const isFenceClosed = lease.untilMs - now <= lease.durationMs - FENCE_MS
  return isSteady && isFenceClosed && now - silent.heartbeat_ms > DEAD_MS
}

/**
 * Whether every node has brought forward what it kept, since the database has perhaps lost its last commits: until then, one of them
 * may have the answer to the request that a row's refresh token was spent for. Nodes that are silent do not count, if the one who
 * judges has had its own heartbeats on time for as long; nor do those that tell no epoch.
 */
export function allBroughtForward(
  { epoch }: Pick<Database, 'epoch'>,
  judge: LeaseHolder,
  { name, nowMs }: LeaseClock,
): Expression<SqlBool> {
  const build = expressionBuilder<Tables, never>()
  const steady = build
    .selectFrom('nodes as own')
    .select('own.incarnation')
    .where('own.incarnation', '=', judge.incarnation)
    .where('own.heartbeat_ms', '>=', sql<number>`${nowMs} - ${sql.lit(ON_TIME_MS)}`)
    .where('own.steady_ms', '<=', sql<number>`${nowMs} - ${sql.lit(DEAD_MS)}`)
  const behind = build
    .selectFrom('nodes')
    .select('nodes.incarnation')
    .where('nodes.clock', '=', name)
    .where('nodes.epoch', '!=', epoch)
    .where((node) =>
      node.or([node('nodes.heartbeat_ms', '>=', sql<number>`${nowMs} - ${sql.lit(DEAD_MS)}`), node.not(node.exists(steady))]),
    )
  return build.not(build.exists(behind))
}

async function beat(
  transaction: Transaction<Tables>,
  { holder, ...node }: Parameters<NodeStore['beat']>[0],
  { name, nowMs }: LeaseClock,
  atMs: number,
): Promise<void> {
  const heartbeat = {
    ...{ configuration_hash: node.configurationHash, heartbeat_at: atMs, clock: name, heartbeat_ms: nowMs },
    epoch: node.epoch ?? null,
  }
  await transaction
    .insertInto('nodes')
    .values({
      incarnation: holder.incarnation,
      node_id: holder.nodeId,
      pid: holder.pid,
      start_time: holder.startTime,
      boot: holder.bootId,
      host: node.host,
      version: node.version,
      started_at: node.startedAt.getTime(),
      ...heartbeat,
      steady_ms: nowMs,
    })
    .onConflict((conflict) =>
      conflict.column('incarnation').doUpdateSet({
        ...heartbeat,
        steady_ms: sql<number>`case when ${nowMs} - nodes.heartbeat_ms <= ${sql.lit(ON_TIME_MS)} then nodes.steady_ms else ${nowMs} end`,
      }),
    )
    .execute()
  await transaction
    .deleteFrom('nodes')
    .where((row) =>
      row.or([row('clock', '!=', name), row('heartbeat_ms', '<', sql<number>`${nowMs} - ${sql.lit(SILENT_KEPT_MS)}`)]),
    )
    .execute()
}

function toNode(row: Selectable<NodesTable>, isLive: boolean): ServerNode {
  return {
    holder: {
      nodeId: row.node_id,
      incarnation: row.incarnation,
      pid: row.pid,
      startTime: row.start_time,
      bootId: row.boot,
    },
    host: row.host,
    version: row.version,
    startedAt: toDate(row.started_at),
    configurationHash: row.configuration_hash,
    ...ifSet('epoch', row.epoch),
    heartbeatAt: toDate(row.heartbeat_at),
    isLive,
  }
}
