/**
 * A token endpoint's 2xx that was not understood, as it came. After a rotation its body holds the only live tokens, so it is kept
 * (encrypted, for 7 days, until a sign-out) and read again when the configuration has changed.
 */
export interface UnreadReply {
  readonly status: number
  readonly contentType: string
  /** Base64 of the decoded body: at most 256 KiB of it. */
  readonly body: string
  /** Why the body is not whole. */
  readonly brokenOff?: string
}
