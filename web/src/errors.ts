/** A refusal of the page API; `message` is the server's complete sentence. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The server could not be reached. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'

  constructor(cause: unknown) {
    super('Benchkey does not answer. Check your network, then try again.', { cause })
  }
}

/** The one funnel: whatever was thrown, as a sentence for the page. Anything unexpected goes to the browser's console in full. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof NoAnswerError) return error.message
  console.error(error)
  return 'This page stopped working. Load it again; if it stays so, tell your administrator.'
}

/** Whether asking again may help: the network, or a server that is starting. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof NoAnswerError || (error instanceof ApiError && error.status >= 500)
}
