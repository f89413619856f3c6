/** How browsers come into launched sessions: tickets, used once, and the entries that they become. All by SHA-256. */
export interface EntryStore {
  /** Expired tickets are cleared away with it. */
  addTicket(ticket: { ticketHash: string; sessionId: string; browserSessionHash: string; expiresAt: Date }): Promise<void>
  /**
   * Uses a ticket up and makes the entry, in one transaction, whatever session it is asked for. Undefined when the ticket is unknown,
   * used, too old, or of another session; else whose browser session it was.
   */
  redeem(ticketHash: string, use: { sessionId: string; entryHash: string }): Promise<string | undefined>
  /** The browser session that an entry to a session belongs to; undefined when there is none: it goes with the browser session. */
  findEntry(entryHash: string, sessionId: string): Promise<string | undefined>
}
