/** What went wrong: the server's own codes (ui.md's table of states), or one of the client's. */
export type ErrorCode =
  | 'not_signed_in'
  | 'reauthentication_required'
  | 'provider_unavailable'
  | 'configuration_error'
  | 'unknown_integration'
  | 'bad_request'
  | 'session_ended'
  /** Benchkey's own database is away, locked or full; the same call may work later. */
  | 'database_unavailable'
  | 'internal'
  /** This process is in no Benchkey session: address or cookie is missing. */
  | 'no_session'
  /** Benchkey itself did not answer; the same call may work later. */
  | 'server_unavailable'
  /** Benchkey's certificate is not trusted here. */
  | 'untrusted_server'
  /** Two integrations carry the name asked for. */
  | 'ambiguous_name'
  /** Something answered, but not Benchkey's session RPC. */
  | 'unexpected_reply'

/** What a BenchkeyError knows beside its sentence. */
export interface ErrorFacts {
  /** What to do, as one sentence. */
  readonly action?: string
  readonly reason?: string
  /** Seconds until a retry makes sense. */
  readonly retryAfter?: number
  /** The page to sign in at. */
  readonly link?: string
  readonly cause?: unknown
}

/** Every failure of the client. `message` is the whole sentence (fact, then act) and never holds a token or cookie. */
export class BenchkeyError extends Error {
  override readonly name = 'BenchkeyError'
  readonly code: ErrorCode | (string & {})
  /** The fact alone. */
  readonly explanation: string
  /** What to do, when there is something. */
  readonly action: string | undefined
  readonly reason: string | undefined
  /** Seconds until a retry makes sense. */
  readonly retryAfter: number | undefined
  /** The page to sign in at. */
  readonly link: string | undefined

  constructor(code: ErrorCode | (string & {}), explanation: string, facts: ErrorFacts = {}) {
    const message = facts.action ? `${explanation} ${facts.action}` : explanation
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.explanation = explanation
    this.action = facts.action
    this.reason = facts.reason
    this.retryAfter = facts.retryAfter
    this.link = facts.link
  }
}

/** Something answered, but not as Benchkey's session RPC does. `what`: how, to end a sentence with. */
export function notBenchkey(what: string): BenchkeyError {
  return new BenchkeyError('unexpected_reply', `This is not an answer of Benchkey: ${what}.`, {
    action: 'Check RS_SERVER_ADDRESS with your administrator.',
  })
}

/** `ECONNREFUSED`; empty when what was thrown has no code. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

/** OpenSSL's verification results as Node names them. */
export function isCertificateProblem(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code)
}
