import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Trust } from './certificates.ts'
import { type Check, codeOf, failed, OPEN_ANOTHER, ok, shown, warning } from './check.ts'

/** A list comes from the server's own memory. */
const CALL_TIMEOUT_MS = 10_000
/** A list of integrations, not a book. */
const REPLY_LIMIT_BYTES = 4 * 1024 * 1024
/** Dates of HTTP are whole seconds, and the reply took its time. */
const SKEW_LIMIT_MS = 60_000

interface Answer {
  readonly status: number
  readonly text: string
  /** How far this machine's clock is ahead of the server's, in milliseconds. */
  readonly aheadMs?: number
}

/** Asks for the list of integrations as R and Python do: whether the cookie is taken, and how the clocks stand. */
export async function checkRpc(
  address: URL,
  cookies: { used: string; usedByR?: string },
  trust: Trust,
): Promise<readonly Check[]> {
  let answer: Answer
  try {
    answer = await listIntegrations(address, cookies.used, trust)
  } catch (error) {
    const explanation = `Benchkey at ${address.host} did not answer the session's call (${shown(codeOf(error))}).`
    const action = 'Try again in a moment; if it stays so, tell your administrator.'
    return [{ ...failed('rpc', explanation, action), mayPass: true }]
  }
  const checks = [...checkAnswer(address, answer), ...checkClock(answer, address)]
  if (cookies.usedByR === undefined || answer.status !== 200) return checks
  const status = await listIntegrations(address, cookies.usedByR, trust).then(
    (each) => each.status,
    () => 0,
  )
  if (status === 200) return checks
  const explanation = 'Benchkey refuses the cookie in RS_SESSION_RPC_COOKIE, which R uses, so R gets no tokens.'
  return [...checks, failed('rpc-cookie-of-r', explanation, 'Unset RS_SESSION_RPC_COOKIE: it is not replaced, the file is.')]
}

function checkAnswer({ host }: URL, { status, text }: Answer): readonly Check[] {
  const integrations = status === 200 ? integrationsIn(text) : undefined
  if (integrations) return [ok('rpc', `Benchkey at ${host} knows this session.`), checkSignIns(integrations)]
  if (status === 401) {
    const [fact = ''] = shown(text).split(/(?<=\.)\s/, 1)
    return [failed('rpc', `Benchkey at ${host} refuses this session's cookie: ${fact || 'it gives no reason.'}`, OPEN_ANOTHER)]
  }
  if (status === 421) {
    const action = 'Tell your administrator: launcher-sessions-callback-address in benchkey.conf has to be this address.'
    return [failed('rpc', `Benchkey answers at ${host}, but takes no calls of sessions under this address (421).`, action)]
  }
  if (status === 429 || status >= 500) {
    const check = failed(
      'rpc',
      `Benchkey at ${host} answers ${status}.`,
      'Try again in a moment; if it stays so, tell your administrator.',
    )
    return [{ ...check, mayPass: true }]
  }
  const action = 'Check RS_SERVER_ADDRESS with your administrator.'
  return [failed('rpc', `What answers at ${host} (${status}) is not Benchkey.`, action)]
}

function checkSignIns(integrations: readonly Listed[]): Check {
  const signedIn = integrations.filter(({ authenticated }) => authenticated === true).length
  const troubled = integrations.filter(({ state }) => state === 'configuration_error' || state === 'reauthentication_required')
  if (integrations.length === 0) {
    return warning('sign-ins', 'There are no integrations for you on this server.', 'Your administrator adds them.')
  }
  const all = `${signedIn} of ${integrations.length} integrations signed in`
  const action = 'See each, and what to do, with: benchkey integrations'
  if (troubled.length > 0) return warning('sign-ins', `${all}; ${troubled.length} of them need attention.`, action)
  if (signedIn === 0) return warning('sign-ins', `${all}, so there is no token to get yet.`, action)
  return ok('sign-ins', `${all}.`)
}

interface Listed {
  readonly authenticated?: unknown
  readonly state?: unknown
}

function integrationsIn(text: string): readonly Listed[] | undefined {
  try {
    const { providers } = JSON.parse(text) as { providers?: unknown }
    if (!Array.isArray(providers)) return undefined
    return providers.flatMap((each: { integrations?: unknown } | null) =>
      Array.isArray(each?.integrations) ? (each.integrations as Listed[]) : [],
    )
  } catch {
    return undefined // A page or plain words: the caller says what the status means.
  }
}

function checkClock({ aheadMs }: Answer, { host }: URL): readonly Check[] {
  if (aheadMs === undefined) return []
  if (Math.abs(aheadMs) <= SKEW_LIMIT_MS) return [ok('clock', `The clock here and that of ${host} agree.`)]
  const explanation = `The clock here is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of ${host}.`
  return [warning('clock', explanation, 'Have it set by NTP: the expiry of tokens and certificates is judged by it.')]
}

async function listIntegrations(address: URL, cookie: string, { ca }: Trust): Promise<Answer> {
  const url = new URL(`${address.href.replace(/\/+$/, '')}/oauth_integrations`)
  const body = '{"method":"oauth_integrations","kwparams":{}}'
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-rs-session-server-rpc-cookie': cookie,
  }
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS)
  const sentAt = Date.now()
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = send(url, {
      method: 'POST',
      agent: false,
      headers,
      signal,
      rejectUnauthorized: true,
      ...(ca ? { ca: [...ca] } : {}),
    })
    call.on('response', resolve)
    call.on('error', reject)
    call.end(body)
  })
  const middle = (sentAt + Date.now()) / 2
  const text = await textOf(response)
  const date = Date.parse(response.headers.date ?? '')
  return { status: response.statusCode ?? 0, text, ...(Number.isNaN(date) ? {} : { aheadMs: middle - date }) }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > REPLY_LIMIT_BYTES) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
