/** One line of the audit. Never a token, secret, code, state or cookie; a token only as its fingerprint. */
export interface AuditEvent {
  readonly at: Date
  /** `login.succeeded`, `sign_in.started`, `token.served`, … */
  readonly action: string
  readonly outcome: 'ok' | 'refused' | 'failed'
  readonly userName?: string
  /** Given instead of userName where only the internal id is at hand: append writes the user's name. */
  readonly userId?: string
  readonly sessionId?: string
  readonly sessionName?: string
  readonly section?: string
  readonly address?: string
  /** First 16 hex digits of the token's SHA-256. */
  readonly fingerprint?: string
  /** How many times, for grouped use. */
  readonly count?: number
  /** Shown as "Reference {id}". */
  readonly reference?: string
  readonly detail?: string
  /** Administrator who did it to them; absent: themselves, the server, or the command line. */
  readonly byName?: string
}

/** Which lines of the audit. */
export interface AuditFilter {
  /** About whom, or by whom. */
  readonly userName?: string
  readonly action?: string
  readonly section?: string
  readonly reference?: string
  readonly from?: Date
  /** Before it. */
  readonly until?: Date
  /** Also `token.served` and `token.refreshed`, which are nearly all lines. */
  readonly withUse: boolean
}

/** A line of the audit with its number. */
export type NumberedEvent = AuditEvent & { readonly id: number }

/** Reading the audit without reading all of it. */
export interface AuditSearch {
  /**
   * Newest first, at most `limit`, of lines numbered below `before`. `next`: `before` of what follows; a page may hold fewer lines than
   * `limit`, none even, and have a next one, where a rare section is looked for among all hand-outs.
   */
  search(
    filter: AuditFilter,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<{ readonly events: readonly NumberedEvent[]; readonly next?: number }>
  /** Oldest first, at most `limit`, of lines numbered above `after`, which `next` gives for the following ones. */
  scan(
    filter: AuditFilter,
    page: { readonly limit: number; readonly after?: number; readonly last: number },
  ): Promise<{ readonly events: readonly NumberedEvent[]; readonly next?: number }>
  /** Number and instant of the newest line. */
  newest(): Promise<{ readonly id: number; readonly at: Date } | undefined>
  /** Every action that occurs, by name. */
  actions(): Promise<readonly string[]>
  /** How many lines with this action there are since the instant. */
  countSince(action: string, since: Date): Promise<number>
}
