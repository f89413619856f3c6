import type { Integration, JsonPointer } from '../domain/integration.ts'
import { plainAccount } from './account-name.ts'
import { valueAt } from './json-pointer.ts'
import type { AccountOutcome } from './outcome.ts'
import type { RequestContext } from './token-request.ts'
import { NotSent, PerhapsSent, type TransportReply } from './transport.ts'

/** The first that is there names the account: OpenID Connect Core §5.1, and what GitHub and its like call it. */
const USUAL_MEMBERS: readonly JsonPointer[] = [['email'], ['preferred_username'], ['login'], ['name']]

/**
 * Asks a service whose account an access token is for, by a GET with it (RFC 6750 §2.1). Redirects are not followed, and no more
 * is read than of a token reply.
 */
export async function askAccount(
  { transport }: Pick<RequestContext, 'transport'>,
  integration: Integration,
  accessToken: string,
): Promise<AccountOutcome> {
  const { accountUrl: url, accountPath } = integration
  if (url === undefined) throw new Error('The integration has no account URL.')
  const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` }
  try {
    const reply = await transport({ method: 'GET', url, integration, headers, body: '', mayLeave: () => true })
    return outcomeOf(reply, accountPath, [accessToken])
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) return { kind: 'unnamed', words: error.words }
    throw error
  }
}

function outcomeOf(reply: TransportReply, path: JsonPointer | undefined, secrets: readonly string[]): AccountOutcome {
  const { status, brokenOff } = reply
  if (status < 200 || status > 299) {
    const why = status >= 300 && status <= 399 ? ', a redirect, which is not followed' : ''
    return { kind: 'unnamed', words: `answered ${status}${why}` }
  }
  if (brokenOff !== undefined) return { kind: 'unnamed', words: brokenOff }
  const text = typeof reply.body === 'string' ? reply.body : new TextDecoder().decode(reply.body)
  const document = parsed(text)
  if (document === undefined) {
    const isPage = text.trimStart().startsWith('<')
    return { kind: 'unnamed', words: isPage ? 'answered with a page instead of JSON' : 'answered something that is not JSON' }
  }
  for (const place of path ? [path] : USUAL_MEMBERS) {
    const account = plainAccount(valueAt(document, place), secrets)
    if (account !== undefined) return { kind: 'named', account }
  }
  return {
    kind: 'unnamed',
    words: path ? 'answered nothing usable at account-path' : 'answered without a name; write account-path',
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever it is, the words are the caller's.
    return undefined
  }
}
