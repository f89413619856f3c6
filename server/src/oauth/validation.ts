import type { Integration } from '../domain/integration.ts'
import type { ValidationOutcome } from './outcome.ts'
import type { RequestContext } from './token-request.ts'
import { NotSent, PerhapsSent, type TransportReply } from './transport.ts'

/**
 * Asks the validation endpoint whether an access token works, by a GET with it (RFC 6750 §2.1). Only the status is looked at:
 * what the endpoint tells beside it is about the account, and nobody asked for that.
 */
export async function validate(
  { transport }: Pick<RequestContext, 'transport'>,
  integration: Integration,
  accessToken: string,
): Promise<ValidationOutcome> {
  const { validateUrl: url } = integration
  if (url === undefined) throw new Error('The integration has no validation URL.')
  const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` }
  try {
    return outcomeOf(await transport({ method: 'GET', url, integration, headers, body: '', mayLeave: () => true }))
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) return { kind: 'unknown', words: error.words }
    throw error
  }
}

/** A redirect, a missing page or a failing server say nothing about the token. */
function outcomeOf({ status }: TransportReply): ValidationOutcome {
  if (status >= 200 && status <= 299) return { kind: 'works' }
  const words = `answered ${status}`
  return status === 401 || status === 403 ? { kind: 'refused', words } : { kind: 'unknown', words }
}
