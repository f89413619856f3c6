import type { Selectable, Transaction } from 'kysely'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import { drafts } from './configuration-drafts.ts'
import { ifSet, REPEATABLE, type StoreContext, toDate } from './database.ts'
import type { Place } from './encryption.ts'
import type { Tables } from './schema.ts'
import type { ConfigurationVersionsTable } from './schema-of-configuration.ts'
import type { ConfigurationStore, NewVersion, NodeFiles } from './store-of-configuration.ts'

type Row = Selectable<ConfigurationVersionsTable>

/** Older ones go, so that the history does not grow without end. */
const VERSIONS_KEPT = 200

/** Versions of the configuration, drafts, and what the nodes answer. Who numbers versions has the row of `configuration_state`. */
export function configurationStore(context: StoreContext): ConfigurationStore {
  const { database, effects } = context
  return {
    ...drafts(context),
    announce: (version, holder, forMs) => announce(context, version, { holder, forMs }),
    confirm: (number, holder) => settle(context, number, holder, 'in force'),
    withdraw: (number, holder) => settle(context, number, holder, undefined),
    inForce: (version) => inForce(context, version),
    keepBeside: (found) => keepBeside(context, found),
    async versions() {
      return (await inForceRows(database.reader).execute()).map(toVersion)
    },
    async newest() {
      const row = await inForceRows(database.reader).limit(1).executeTakeFirst()
      return row && toVersion(row)
    },
    async versionOfHash(configurationHash) {
      const row = await inForceRows(database.reader)
        .where('configuration_hash', '=', configurationHash)
        .limit(1)
        .executeTakeFirst()
      return row?.number
    },
    async content(number) {
      const row = await inForceRows(database.reader).select('content').where('number', '=', number).executeTakeFirst()
      return row && contentOf(context, row)
    },
    async reloadNumber() {
      const { reload_number: number } = await database.reader
        .selectFrom('configuration_state')
        .select('reload_number')
        .executeTakeFirstOrThrow()
      return number
    },
    askForReload: () =>
      database.write(async (transaction) => {
        const { reload_number: number } = await lockedState(context, transaction)
        await transaction
          .updateTable('configuration_state')
          .set({ reload_number: number + 1, reload_at: effects.now().getTime() })
          .execute()
        return number + 1
      }),
    answer: (files) => answer(context, files),
    nodeFiles: () => nodeFiles(context),
  }
}

/** Without the contents: there are many versions, and files may be large. */
const FACTS = ['number', 'content_hash', 'configuration_hash', 'made_at', 'made_by', 'rolled_back_to', 'summary'] as const

function inForceRows(database: StoreContext['database']['reader'] | Transaction<Tables>) {
  return database.selectFrom('configuration_versions').select(FACTS).where('state', '=', 'in force').orderBy('number', 'desc')
}

async function lockedState({ database }: StoreContext, transaction: Transaction<Tables>) {
  return await database.locked(transaction.selectFrom('configuration_state').selectAll()).executeTakeFirstOrThrow()
}

async function announce(
  context: StoreContext,
  version: NewVersion,
  { holder, forMs }: { readonly holder: string; readonly forMs: number },
): Promise<number | undefined> {
  const now = context.effects.now().getTime()
  return await context.database.write(async (transaction) => {
    const state = await lockedState(context, transaction)
    if (state.deployed_by !== null && (state.deploy_until ?? 0) > now) return undefined
    await transaction
      .updateTable('configuration_state')
      .set({ deployed_by: holder, deploy_until: now + forMs })
      .execute()
    return await insertVersion(context, transaction, version, 'announced')
  })
}

async function insertVersion(
  { cipher, effects }: StoreContext,
  transaction: Transaction<Tables>,
  { contentHash, content, by, rolledBackTo, summary, configurationHash }: NewVersion & { readonly configurationHash?: string },
  state: ConfigurationVersionsTable['state'],
): Promise<number> {
  const newest = await transaction
    .selectFrom('configuration_versions')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  const number = (newest?.number ?? 0) + 1
  await transaction
    .insertInto('configuration_versions')
    .values({
      ...{ number, state, content_hash: contentHash, configuration_hash: configurationHash ?? null },
      ...{ made_at: effects.now().getTime(), made_by: by ?? null, rolled_back_to: rolledBackTo ?? null, summary },
      kid: cipher.primaryKid,
      content: cipher.seal(Buffer.from(content).toString('base64'), placeOf(number)),
    })
    .execute()
  await transaction
    .deleteFrom('configuration_versions')
    .where('number', '<=', number - VERSIONS_KEPT)
    .execute()
  return number
}

async function settle(context: StoreContext, number: number, holder: string, state: 'in force' | undefined): Promise<void> {
  await context.database.write(async (transaction) => {
    await lockedState(context, transaction)
    if (state) {
      await transaction.updateTable('configuration_versions').set({ state }).where('number', '=', number).execute()
    } else {
      await transaction
        .deleteFrom('configuration_versions')
        .where('number', '=', number)
        .where('state', '=', 'announced')
        .execute()
    }
    await transaction
      .updateTable('configuration_state')
      .set({ deployed_by: null, deploy_until: null })
      .where('deployed_by', '=', holder)
      .execute()
  }, REPEATABLE)
}

async function inForce(
  context: StoreContext,
  version: Parameters<ConfigurationStore['inForce']>[0],
): Promise<ConfigurationVersion> {
  const { contentHash, configurationHash, isOld } = version
  return await context.database.write(async (transaction) => {
    await lockedState(context, transaction)
    const announced = await transaction
      .selectFrom('configuration_versions')
      .select('number')
      .where('state', '=', 'announced')
      .where('content_hash', '=', contentHash)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst()
    const newest = await inForceRows(transaction).limit(1).executeTakeFirst()
    if (announced && announced.number > (newest?.number ?? 0)) {
      await transaction
        .updateTable('configuration_versions')
        .set({ state: 'in force' })
        .where('number', '=', announced.number)
        .execute()
    } else if (newest?.content_hash !== contentHash && !(newest && isOld)) {
      await insertVersion(context, transaction, version, 'in force')
    }
    const row = await inForceRows(transaction).where('content_hash', '=', contentHash).limit(1).executeTakeFirst()
    if (row && row.configuration_hash !== configurationHash) {
      await transaction
        .updateTable('configuration_versions')
        .set({ configuration_hash: configurationHash })
        .where('number', '=', row.number)
        .execute()
    }
    return toVersion(row ?? (await inForceRows(transaction).limit(1).executeTakeFirstOrThrow()))
  })
}

async function keepBeside(context: StoreContext, found: NewVersion): ReturnType<ConfigurationStore['keepBeside']> {
  return await context.database.write(async (transaction) => {
    const state = await lockedState(context, transaction)
    if (state.deployed_by !== null && (state.deploy_until ?? 0) > context.effects.now().getTime()) return undefined
    const newest = await inForceRows(transaction).select('content').limit(1).executeTakeFirstOrThrow()
    const number = await insertVersion(context, transaction, found, 'in force')
    const again = {
      ...{ content: contentOf(context, newest), contentHash: newest.content_hash, summary: newest.summary },
      ...{ rolledBackTo: newest.number, ...ifSet('by', newest.made_by) },
      ...ifSet('configurationHash', newest.configuration_hash),
    }
    return { found: number, inForce: await insertVersion(context, transaction, again, 'in force') }
  })
}

async function answer(
  { database, effects }: StoreContext,
  { incarnation, place, contentHash, reloadNumber, refusal }: Parameters<ConfigurationStore['answer']>[0],
): Promise<void> {
  const row = {
    ...{ place, content_hash: contentHash, reload_number: reloadNumber, refusal: refusal ?? null },
    answered_at: effects.now().getTime(),
  }
  await database.write(async (transaction) => {
    await transaction
      .insertInto('node_files')
      .values({ incarnation, ...row })
      .onConflict((conflict) => conflict.column('incarnation').doUpdateSet(row))
      .execute()
    await transaction
      .deleteFrom('node_files')
      .where('incarnation', '!=', incarnation)
      .where('incarnation', 'not in', transaction.selectFrom('nodes').select('incarnation'))
      // One that starts answers before its first heartbeat.
      .where('answered_at', '<', effects.now().getTime() - 60_000)
      .execute()
  }, REPEATABLE)
}

async function nodeFiles({ database }: StoreContext): Promise<readonly NodeFiles[]> {
  const rows = await database.reader
    .selectFrom('node_files')
    .innerJoin('nodes', 'nodes.incarnation', 'node_files.incarnation')
    .selectAll('node_files')
    .execute()
  return rows.map((row) => ({
    ...{ incarnation: row.incarnation, place: row.place, contentHash: row.content_hash, reloadNumber: row.reload_number },
    ...ifSet('refusal', row.refusal),
    answeredAt: toDate(row.answered_at),
  }))
}

function contentOf({ cipher }: StoreContext, row: Pick<Row, 'number' | 'content'>): Buffer {
  return Buffer.from(cipher.open(row.content, placeOf(row.number)), 'base64')
}

function toVersion(row: Pick<Row, (typeof FACTS)[number]>): ConfigurationVersion {
  return {
    ...{ number: row.number, contentHash: row.content_hash, at: toDate(row.made_at), summary: row.summary },
    ...ifSet('by', row.made_by),
    ...ifSet('rolledBackTo', row.rolled_back_to),
  }
}

function placeOf(number: number): Place {
  return {
    table: 'configuration_versions',
    column: 'content',
    userId: '',
    integrationId: '',
    rowId: String(number),
    generation: 0,
  }
}
