import type { WayOut } from '../domain/integration.ts'

/** A request to an authorization server, ready to be sent. */
export interface TransportRequest {
  /** Absent: POST. */
  readonly method?: 'GET'
  readonly url: string
  /** The integration it is for: which proxy it takes and whom it trusts. */
  readonly integration: WayOut
  readonly headers: Readonly<Record<string, string>>
  /** As its content type says; empty for a GET. */
  readonly body: string
  /** The send fence: asked once, on the established connection, right before the first byte is written. */
  readonly mayLeave: () => boolean
  /** Its abort gives the request up, whether it has left or not; absent: nobody does. */
  readonly signal?: AbortSignal
}

/** What came back. A body that broke off or grew too large is given as far as it was read. */
export interface TransportReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Decoded, at most 256 KiB. */
  readonly body: Uint8Array | string
  /** Why the body is not whole, in ui.md's {reason} words; absent when it is. */
  readonly brokenOff?: string
}

/**
 * Sends one request and never repeats it. Rejects with NotSent when nothing can have left this host; any other rejection
 * means that bytes may have left. The simulator hands in its own.
 */
export type Transport = (request: TransportRequest) => Promise<TransportReply>

/** Why nothing left this host; `proxy`: it answered that it does not let the request pass. */
export type NotSentCause = 'fence' | 'network' | 'certificate' | 'guard' | 'proxy'

/** Nothing has been sent. `words` are ui.md's {reason} words. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
  readonly reason: NotSentCause
  readonly words: string

  constructor(reason: NotSentCause, words: string, cause?: unknown) {
    super(`The request was not sent: ${words}.`, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.words = words
  }
}

/** Bytes may have left and no reply came. `words` are ui.md's {reason} words. */
export class PerhapsSent extends Error {
  override readonly name = 'PerhapsSent'
  readonly words: string

  constructor(words: string, cause?: unknown) {
    super(`The request may have been sent: ${words}.`, cause === undefined ? undefined : { cause })
    this.words = words
  }
}
