import type { Effects } from '../domain/effects.ts'
import type { Client, ClientAuthenticationMethod, Integration } from '../domain/integration.ts'
import type { TokenOutcome } from './outcome.ts'
import { pageText, withoutTheVolatile } from './page-text.ts'
import { exchangeCode } from './token-request.ts'
import type { Transport, TransportReply } from './transport.ts'

/** What the token endpoint answered to a made-up code. Nothing of it holds a secret. */
export interface TokenAnswer {
  readonly outcome: Exclude<TokenOutcome, { kind: 'success' }> | { readonly kind: 'success' }
  /** Absent: no answer came. */
  readonly status?: number
  /** By the service's clock, to the second. */
  readonly date?: Date
  /** By ours. */
  readonly receivedAt: Date
  /** Where a redirect points to, without its query. */
  readonly location?: string
  /** Its words without what differs each time: two answers of one cause have the same. */
  readonly likeness: string
}

/** Sends a token request with a made-up code, as this client. */
export type AskAs = (client: Client) => Promise<TokenAnswer>

/** Random bytes of a code that nobody gave. */
const CODE_BYTES = 24
const VERIFIER_BYTES = 32

/** A token request as Benchkey sends it after a sign-in, but for its code: no service has given that. RFC 6749 §4.1.3. */
export async function askWithMadeUpCode(
  { effects, transport }: { readonly effects: Effects; readonly transport: Transport },
  { integration, redirectUri }: { readonly integration: Integration; readonly redirectUri: string },
  asked: Client,
): Promise<TokenAnswer> {
  const { nextClientSecret: _next, ...client } = asked
  const code = madeUp(effects, CODE_BYTES)
  const codeVerifier = integration.pkce === 'S256' ? { codeVerifier: madeUp(effects, VERIFIER_BYTES) } : {}
  let reply: TransportReply | undefined
  let receivedAt = effects.now()
  const listening: Transport = async (request) => {
    reply = await transport(request)
    receivedAt = effects.now()
    return reply
  }
  const context = { effects, transport: listening }
  const outcome = await exchangeCode(context, { ...integration, client }, { code, redirectUri, ...codeVerifier })
  return {
    // What a service gives for a code that nobody made is of no use, and goes no further.
    outcome: outcome.kind === 'success' ? { kind: 'success' } : outcome,
    receivedAt,
    ...factsOf(reply),
  }
}

/** The same client with a secret, or where it has none an ID, that is certainly wrong. */
export function withWrongCredential(client: Client, effects: Effects): Client {
  const wrong = madeUp(effects, CODE_BYTES)
  return client.authenticationMethod === 'none' ? { ...client, clientId: wrong } : { ...client, clientSecret: wrong }
}

/** The other ways to show the same secret, those first that most services know. */
export function otherMethods({ authenticationMethod, clientId, clientSecret }: Client): readonly ClientAuthenticationMethod[] {
  if (authenticationMethod === 'none') return []
  const isSpeltAlike = [clientId, clientSecret].every((text) => /^[\w.*-]*$/.test(text))
  const all: readonly ClientAuthenticationMethod[] = ['client-secret-basic', 'client-secret-post', 'client-secret-basic-raw']
  return all.filter((method) => {
    if (method === authenticationMethod) return false
    const isBasicAgain = method.startsWith('client-secret-basic') && authenticationMethod.startsWith('client-secret-basic')
    return !(isSpeltAlike && (isBasicAgain || method === 'client-secret-basic-raw'))
  })
}

function factsOf(reply: TransportReply | undefined): Pick<TokenAnswer, 'status' | 'date' | 'location' | 'likeness'> {
  if (!reply) return { likeness: '' }
  const date = new Date(reply.headers.date ?? '')
  const location = addressWithoutQuery(reply.headers.location)
  return {
    status: reply.status,
    ...(Number.isNaN(date.getTime()) ? {} : { date }),
    ...(location === undefined ? {} : { location }),
    likeness: withoutTheVolatile(pageText(Buffer.from(reply.body).toString('utf8'))),
  }
}

/** An absolute address as it may be shown: without user, query and fragment; undefined when it is none. */
function addressWithoutQuery(text: string | undefined): string | undefined {
  if (text === undefined || text.length > LONGEST_ADDRESS || !URL.canParse(text)) return undefined
  const { protocol, host, pathname } = new URL(text)
  return protocol === 'https:' || protocol === 'http:' ? `${protocol}//${host}${pathname}` : undefined
}

const LONGEST_ADDRESS = 300

function madeUp(effects: Pick<Effects, 'randomBytes'>, bytes: number): string {
  return Buffer.from(effects.randomBytes(bytes)).toString('base64url')
}
