import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** How a person answers the authorization server's page. */
export interface InteractionAnswer {
  /** Default: demo. */
  readonly userName?: string
  /** Presses Deny instead of Continue. */
  readonly deny?: boolean
  /** PEM of the CA that signed the authorization server's certificate. */
  readonly ca?: string
}

const MOST_STEPS = 12

/**
 * Plays a person's browser at the authorization server over plain HTTP: opens the authorization URL, answers the page, and
 * returns the URL the browser is sent back to (the redirect URI with code or error), without opening it.
 */
export async function completeInteraction(authorizationUrl: string, answer: InteractionAnswer = {}): Promise<string> {
  const origin = new URL(authorizationUrl).origin
  const cookies = new Map<string, string>()
  let next = new URL(authorizationUrl)
  let form: string | undefined
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const reply = await visit(next, cookies, form, answer.ca)
    form = undefined
    if (reply.location !== undefined) {
      next = new URL(reply.location, next)
      if (next.origin !== origin) return next.href
      continue
    }
    if (!next.pathname.startsWith('/interaction/') || reply.status !== 200) {
      throw new Error(`The authorization server answered ${reply.status} at ${next.pathname}: ${reply.body}`)
    }
    const fields = { user_name: answer.userName ?? 'demo', answer: answer.deny ? 'deny' : 'continue' }
    form = new URLSearchParams(fields).toString()
  }
  throw new Error('The authorization server never sent the browser back to the redirect URI.')
}

interface Reply {
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

async function visit(url: URL, cookies: Map<string, string>, form: string | undefined, ca: string | undefined): Promise<Reply> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(url, {
      method: form === undefined ? 'GET' : 'POST',
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      headers: {
        accept: 'text/html',
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    })
    request.once('response', resolve).once('error', reject).end(form)
  })
  for (const line of response.headers['set-cookie'] ?? []) keepCookie(cookies, line)
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return { status: response.statusCode ?? 0, location: response.headers.location, body }
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const pair = line.split(';', 1)[0] ?? ''
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals)
  if (pair.length === equals + 1) cookies.delete(name)
  else cookies.set(name, pair.slice(equals + 1))
}
