/** One token that waits to be revoked at the service (RFC 7009). */
export interface RevocationJob {
  readonly id: string
  readonly userId: string
  readonly integrationId: string
  readonly token: string
  readonly tokenTypeHint: 'refresh_token' | 'access_token'
  /** Of the client and the origins that may see it (fault F33); undefined: nobody knows. */
  readonly clientFingerprint?: string
  readonly queuedAt: Date
  readonly giveUpAt: Date
  readonly tries: number
}

/** Tokens that wait to be revoked at their service. */
export interface RevocationStore {
  /**
   * Claims the next due job for claimMs; jobs whose user has a newer stored token or an attempt at the integration, open or under
   * way since less than attemptMaxAgeMs, are cancelled in the same transaction and returned in `cancelled`, once, with those that `tokens.create` has cancelled since.
   */
  claimDue(
    now: Date,
    claimMs: number,
    attemptMaxAgeMs: number,
  ): Promise<{ job?: RevocationJob; cancelled: readonly { userId: string; integrationId: string }[] }>
  finish(jobId: string): Promise<void>
  /** Puts it back for a later try; past giveUpAt it stays visible as failed, without its token. */
  reschedule(jobId: string, nextAt: Date, words: string): Promise<void>
  /** What the service has not confirmed: newest first, per integration. */
  listForUser(
    userId: string,
  ): Promise<readonly { integrationId: string; state: 'waiting' | 'failed'; queuedAt: Date; words: string }[]>
  /** `oldestAt`: since when one has been waiting. */
  counts(): Promise<{ waiting: number; failed: number; oldestAt?: Date }>
  /** What was given up, by integration. `lastAt`: when the last one was. */
  givenUp(): Promise<readonly { integrationId: string; count: number; lastAt: Date }[]>
}
