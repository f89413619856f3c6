/** One request of the session RPC. */
export interface Exchange {
  readonly url: URL
  readonly cookie: string
  readonly body: string
  readonly signal: AbortSignal
}

/** What came back. */
export interface Reply {
  readonly status: number
  readonly text: string
  /** `Retry-After`, in seconds. */
  readonly retryAfter: number | undefined
}

/** A reply holds one token or a list of integrations; more than this is not Benchkey. */
export const REPLY_LIMIT_BYTES = 4 * 1024 * 1024

/** The fields of the request, but for `Host`. */
export function headersOf({ cookie, body }: Exchange): Record<string, string | number> {
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-rs-session-server-rpc-cookie': cookie,
  }
}

/** The value of `Retry-After`; undefined when it is no number of seconds. */
export function secondsIn(retryAfter: string | undefined): number | undefined {
  const wait = Number.parseInt(retryAfter ?? '', 10)
  return Number.isNaN(wait) ? undefined : wait
}
