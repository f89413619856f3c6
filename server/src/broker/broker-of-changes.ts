/** What a page may be told. */
export type Change = 'integrations' | 'sessions' | 'rights' | 'logged_out'

/** Live pages: what changed for whom. Events carry no data, rights are re-checked by the reader's next request. */
export interface Changes {
  /** `listener` gets `integrations` or `sessions` (look again), `rights` (another role), or `logged_out`. Returns the function that ends it. */
  subscribe(userId: string, listener: (change: Change) => void): () => void
}
