import { request as httpsRequest } from 'node:https'
import { isCertificateProblem, type WireDeviceStart, type WireLoggedIn } from '@benchkey/sdk'
import { CliError, EXIT } from './command.ts'
import { oneLine } from './printing.ts'

/** An answer comes from the server's own database. */
const CALL_TIMEOUT_MS = 20_000
/** An answer is one session's variables. */
const REPLY_LIMIT_BYTES = 256 * 1024
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a server answers a terminal that waits. */
export type Polled =
  | { readonly kind: 'logged_in'; readonly session: WireLoggedIn }
  | { readonly kind: 'pending' | 'slow_down' }
  /** Over: the server's sentence. */
  | { readonly kind: 'refused'; readonly sentence: string }

/** Logs a terminal in at one server, over https alone and to nobody whose certificate is not trusted. */
export class DeviceClient {
  readonly #url: string
  readonly #ca: readonly string[] | undefined

  /** `url`: without a trailing slash. `ca`: PEM; undefined = what comes with Node. */
  constructor(url: string, ca: readonly string[] | undefined) {
    this.#url = url
    this.#ca = ca
  }

  /** Throws CliError in the server's words when it refuses. */
  async begin(host: string): Promise<WireDeviceStart> {
    const { status, body } = await this.#post('authorization', { client_id: 'benchkey', host })
    if (status === 200 && isStart(body)) return body
    throw this.#refusal(status, body)
  }

  /** Throws CliError when the server does not answer. */
  async poll(deviceCode: string): Promise<Polled> {
    const { status, body } = await this.#post('token', { client_id: 'benchkey', grant_type: GRANT_TYPE, device_code: deviceCode })
    if (status === 200 && isLoggedIn(body)) return { kind: 'logged_in', session: body }
    if (body.error === 'authorization_pending') return { kind: 'pending' }
    if (body.error === 'slow_down') return { kind: 'slow_down' }
    if (status === 400 && typeof body.error_description === 'string') {
      return { kind: 'refused', sentence: oneLine(body.error_description) }
    }
    throw this.#refusal(status, body)
  }

  async #post(what: 'authorization' | 'token', form: Readonly<Record<string, string>>): Promise<Answer> {
    const url = new URL(`${this.#url}/api/v1/device/${what}`)
    try {
      return await post(url, new URLSearchParams(form).toString(), this.#ca)
    } catch (error) {
      throw connectionError(url, error)
    }
  }

  #refusal(status: number, { error_description: words }: Answer['body']): CliError {
    const { host } = new URL(this.#url)
    if (typeof words === 'string') return new CliError(oneLine(words), { exitCode: status >= 429 ? EXIT.tryLater : EXIT.failed })
    if (status >= 500) {
      const action = 'Try again in a moment; if it stays so, tell your administrator.'
      return new CliError(`${host} answered ${status}.`, { action, exitCode: EXIT.tryLater })
    }
    return new CliError(`What answers at ${host} (${status}) is no Benchkey that logs terminals in.`, {
      action: 'Check the address: it is the one that you open in a browser.',
    })
  }
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Follows nothing. */
function post(url: URL, form: string, ca: readonly string[] | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
    }
    // Said, for NODE_TLS_REJECT_UNAUTHORIZED would decide otherwise.
    const tls = { rejectUnauthorized: true, ...(ca ? { ca: [...ca] } : {}) }
    const options = { method: 'POST', agent: false, headers, signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...tls }
    const request = httpsRequest(url, options, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > REPLY_LIMIT_BYTES) request.destroy(new Error('the reply is too long'))
        else chunks.push(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: objectIn(Buffer.concat(chunks).toString()) }))
    })
    request.on('error', reject)
    request.end(form)
  })
}

function objectIn(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer['body']) : {}
  } catch {
    return {} // A page or plain words: the status says enough.
  }
}

function connectionError({ host }: URL, error: unknown): CliError {
  const { code = '' } = error as NodeJS.ErrnoException
  if (isCertificateProblem(code)) {
    return new CliError(`The certificate of ${host} is not trusted here (${code}).`, {
      action: 'If its authority is a private one, ask your administrator for that certificate, and give it with: --ca FILE',
      cause: error,
    })
  }
  const words = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'was not found by name' : `did not answer (${code || 'no reason'})`
  const action = 'Check the address and your network, then try again.'
  return new CliError(`${host} ${words}.`, { action, exitCode: EXIT.tryLater, cause: error })
}

/** A browser is started with the address, and both stand on a terminal. */
function isStart(body: Answer['body']): body is Answer['body'] & WireDeviceStart {
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = body
  const pages = [verification_uri, verification_uri_complete]
  return (
    typeof device_code === 'string' &&
    typeof user_code === 'string' &&
    /^[A-Z]{4}-[A-Z]{4}$/.test(user_code) &&
    pages.every((page) => typeof page === 'string' && /^https:\/\/[\x21-\x7e]+$/.test(page)) &&
    [expires_in, interval].every((seconds) => typeof seconds === 'number' && seconds > 0)
  )
}

function isLoggedIn(body: Answer['body']): body is Answer['body'] & WireLoggedIn {
  const { access_token, ends_at, environment, user } = body
  if (typeof access_token !== 'string' || !/^[\x20-\x7e]+$/.test(access_token)) return false
  if (typeof user !== 'string' || typeof ends_at !== 'string' || Number.isNaN(Date.parse(ends_at))) return false
  return (
    typeof environment === 'object' &&
    environment !== null &&
    Object.values(environment).every((value) => typeof value === 'string')
  )
}
