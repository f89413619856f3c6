import type { BrokerErrorReason, State } from './states.ts'

/** Every failure a caller of the broker can be told about. One table (`states.ts`) turns codes into sentences. */
export type BrokerErrorCode =
  | 'not_signed_in'
  | 'reauthentication_required'
  | 'provider_unavailable'
  | 'configuration_error'
  | 'unknown_integration'
  | 'bad_request'
  | 'session_ended'
  /** Benchkey's own database is away, locked or full; the same call works when it is back. */
  | 'database_unavailable'
  | 'internal'

/** What the sentences of `states.ts` are filled with. No field ever holds a token, code or secret. */
export interface BrokerErrorDetails {
  readonly reason?: BrokerErrorReason
  /** The state behind the refusal, for a door that words it itself (pages show local times and paths). */
  readonly state?: State
  /** Seconds until a retry makes sense. */
  readonly retryAfterSeconds?: number
  /** A plain sentence, already complete, safe to show. */
  readonly sentence?: string
}

/** A failure with a code of the closed union; `message` is the sentence for the user and never holds a secret. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: BrokerErrorCode
  readonly details: BrokerErrorDetails

  constructor(code: BrokerErrorCode, message: string, details: BrokerErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/**
 * Benchkey's own files, keys or database keep it from starting: one plain sentence, exit code 78 (cli.md). 75: what it needs is
 * not there now, and the same start may well succeed later.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError'
  readonly exitCode: 75 | 78

  constructor(message: string, { exitCode = 78, cause }: { exitCode?: 75 | 78; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}
