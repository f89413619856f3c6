import type { UpdateObject } from 'kysely'
import { newId, type StoreContext, toDate } from './database.ts'
import type { Tables } from './schema.ts'
import type { IntegrationStore, IntegrationTrouble } from './store.ts'

/** Integrations by their internal ids, and what each suffers from for everybody. */
export function integrationStore(context: StoreContext): IntegrationStore {
  const { database } = context
  return {
    ensure: (integrations) => ensure(context, integrations),
    async troubles() {
      const rows = await database.reader.selectFrom('integrations').selectAll().where('trouble_kind', 'is not', null).execute()
      return new Map(rows.flatMap((row) => toTrouble(row)))
    },
    async setTrouble(integrationId, trouble) {
      await database.write((transaction) =>
        transaction
          .updateTable('integrations')
          .set({
            trouble_kind: trouble.kind,
            trouble_words: trouble.words,
            trouble_since: trouble.since.getTime(),
            trouble_retry_at: trouble.retryAt.getTime(),
            trouble_configuration_hash: trouble.configurationHash,
          })
          .where('id', '=', integrationId)
          .execute(),
      )
    },
    claimTrial: (integrationId, now, nextRetryAt) =>
      change(context, integrationId, { trouble_retry_at: nextRetryAt.getTime() }, now),
    clearTrouble: (integrationId) => clearTrouble(context, integrationId),
    claimExpiryDay: (integrationId, day) =>
      database.write(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('integrations')
          .set({ expiry_told_on: day })
          .where('id', '=', integrationId)
          .where((row) => row.or([row('expiry_told_on', 'is', null), row('expiry_told_on', '<', day)]))
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),
  }
}

async function clearTrouble(context: StoreContext, integrationId: string): Promise<boolean> {
  // Called after every success: nearly always there is nothing to write.
  const troubled = await context.database.reader
    .selectFrom('integrations')
    .select('id')
    .where('id', '=', integrationId)
    .where('trouble_kind', 'is not', null)
    .executeTakeFirst()
  if (!troubled) return false
  return change(context, integrationId, {
    trouble_kind: null,
    trouble_words: null,
    trouble_since: null,
    trouble_retry_at: null,
    trouble_configuration_hash: null,
  })
}

/** Changes an integration that has a trouble, and one whose next trial is due when `dueAt` is given: true when it did. */
async function change(
  { database }: StoreContext,
  integrationId: string,
  values: UpdateObject<Tables, 'integrations'>,
  dueAt?: Date,
): Promise<boolean> {
  return database.write(async (transaction) => {
    let query = transaction
      .updateTable('integrations')
      .set(values)
      .where('id', '=', integrationId)
      .where('trouble_kind', 'is not', null)
    if (dueAt) query = query.where('trouble_retry_at', '<=', dueAt.getTime())
    return (await query.executeTakeFirst()).numUpdatedRows > 0n
  })
}

async function ensure(
  { database, effects }: StoreContext,
  integrations: readonly { uid: string; section: string }[],
): Promise<ReadonlyMap<string, string>> {
  const all = await database.reader.selectFrom('integrations').select(['id', 'uid', 'section']).execute()
  const known = new Map(all.map((row) => [row.uid, row]))
  const changed = integrations.filter(({ uid, section }) => known.get(uid)?.section !== section)
  if (changed.length > 0) {
    await database.write(async (transaction) => {
      // In one order on every node, so that two that start at once do not wait in a circle.
      for (const { uid, section } of changed.toSorted((a, b) => (a.uid < b.uid ? -1 : 1))) {
        const { id } = await transaction
          .insertInto('integrations')
          .values({ id: newId(effects), uid, section })
          .onConflict((conflict) => conflict.column('uid').doUpdateSet({ section }))
          .returning('id')
          .executeTakeFirstOrThrow()
        known.set(uid, { id, uid, section })
      }
    })
  }
  return new Map(integrations.flatMap(({ uid }) => (known.has(uid) ? [[uid, known.get(uid)?.id ?? '']] : [])))
}

function toTrouble(row: {
  id: string
  trouble_kind: 'client' | 'connection' | null
  trouble_words: string | null
  trouble_since: number | null
  trouble_retry_at: number | null
  trouble_configuration_hash: string | null
}): [string, IntegrationTrouble][] {
  if (row.trouble_kind === null) return []
  const trouble: IntegrationTrouble = {
    kind: row.trouble_kind,
    words: row.trouble_words ?? '',
    since: toDate(row.trouble_since ?? 0),
    retryAt: toDate(row.trouble_retry_at ?? 0),
    configurationHash: row.trouble_configuration_hash ?? '',
  }
  return [[row.id, trouble]]
}
