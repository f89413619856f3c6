/** Live pages: what changed for whom. Events carry no data, rights are re-checked by the reader's next request. */
export interface Changes {
  /** `listener` gets `integrations` or `sessions` (look again), or `logged_out`. Returns the function that ends it. */
  subscribe(userId: string, listener: (change: 'integrations' | 'sessions' | 'logged_out') => void): () => void
}
