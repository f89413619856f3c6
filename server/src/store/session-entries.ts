import type { StoreContext } from './database.ts'
import type { EntryStore } from './store.ts'

/** A browser keeps one entry to a session. What it opened with those before stays open, of the newest. */
const ENTRIES_KEPT = 32

/** Tickets and entries to launched sessions. */
export function entryStore({ database, effects }: StoreContext): EntryStore {
  return {
    async addTicket({ ticketHash, sessionId, browserSessionHash, expiresAt }) {
      const now = effects.now().getTime()
      await database.write(async (transaction) => {
        await transaction.deleteFrom('session_tickets').where('expires_at', '<=', now).execute()
        await transaction
          .insertInto('session_tickets')
          .values({
            ticket_hash: ticketHash,
            session_id: sessionId,
            browser_session_hash: browserSessionHash,
            expires_at: expiresAt.getTime(),
          })
          .execute()
      })
    },
    redeem: (ticketHash, { sessionId, entryHash }) => {
      const now = effects.now().getTime()
      return database.write(async (transaction) => {
        const ticket = await transaction
          .deleteFrom('session_tickets')
          .where('ticket_hash', '=', ticketHash)
          .returningAll()
          .executeTakeFirst()
        if (!ticket || ticket.session_id !== sessionId || ticket.expires_at <= now) return undefined
        const { browser_session_hash } = ticket
        await transaction
          .insertInto('session_entries')
          .values({ entry_hash: entryHash, session_id: sessionId, browser_session_hash, created_at: now })
          .execute()
        const newest = transaction
          .selectFrom('session_entries')
          .select('entry_hash')
          .where('session_id', '=', sessionId)
          .where('browser_session_hash', '=', browser_session_hash)
          .orderBy('created_at', 'desc')
          .limit(ENTRIES_KEPT)
        await transaction
          .deleteFrom('session_entries')
          .where('session_id', '=', sessionId)
          .where('browser_session_hash', '=', browser_session_hash)
          .where('entry_hash', 'not in', newest)
          .where('entry_hash', '!=', entryHash)
          .execute()
        return browser_session_hash
      })
    },
    async findEntry(entryHash, sessionId) {
      const row = await database.reader
        .selectFrom('session_entries')
        .select('browser_session_hash')
        .where('entry_hash', '=', entryHash)
        .where('session_id', '=', sessionId)
        .executeTakeFirst()
      return row?.browser_session_hash
    },
  }
}
