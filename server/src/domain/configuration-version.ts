/** A version of `oauth-clients.conf` that was in force. */
export interface ConfigurationVersion {
  readonly number: number
  /** SHA-256 of its bytes. */
  readonly contentHash: string
  readonly at: Date
  /** User name; absent: the file was edited by hand. */
  readonly by?: string
  readonly rolledBackTo?: number
  /** "added box-integration; changed salesforce". */
  readonly summary: string
}
