import type { StoreContext } from './database.ts'
import type { Place } from './encryption.ts'
import type { ConfigurationStore } from './store-of-configuration.ts'

/** What administrators have not deployed: one row each, encrypted, bound to the administrator and its revision. */
export function drafts({
  database,
  cipher,
  effects,
}: StoreContext): Pick<ConfigurationStore, 'draft' | 'saveDraft' | 'removeDraft' | 'removeDraftsBefore'> {
  return {
    async draft(userId) {
      const row = await database.reader
        .selectFrom('configuration_drafts')
        .selectAll()
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return row && { revision: row.revision, text: cipher.open(row.draft, placeOf(userId, row.revision)) }
    },
    async saveDraft(userId, revision, text) {
      const next = (revision ?? 0) + 1
      const values = {
        ...{ revision: next, changed_at: effects.now().getTime(), kid: cipher.primaryKid },
        draft: cipher.seal(text, placeOf(userId, next)),
      }
      return await database.write(async (transaction) => {
        if (revision !== undefined) {
          const { numUpdatedRows } = await transaction
            .updateTable('configuration_drafts')
            .set(values)
            .where('user_id', '=', userId)
            .where('revision', '=', revision)
            .executeTakeFirst()
          return numUpdatedRows > 0n
        }
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('configuration_drafts')
          .values({ user_id: userId, ...values })
          .onConflict((conflict) => conflict.column('user_id').doNothing())
          .executeTakeFirst()
        return (numInsertedOrUpdatedRows ?? 0n) > 0n
      })
    },
    async removeDraft(userId, revision) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction
          .deleteFrom('configuration_drafts')
          .where('user_id', '=', userId)
          .where('revision', '=', revision)
          .executeTakeFirst(),
      )
      return numDeletedRows > 0n
    },
    async removeDraftsBefore(at) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction.deleteFrom('configuration_drafts').where('changed_at', '<', at.getTime()).executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
  }
}

function placeOf(userId: string, revision: number): Place {
  return { table: 'configuration_drafts', column: 'draft', userId, integrationId: '', rowId: userId, generation: revision }
}
