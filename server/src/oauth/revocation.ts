import * as oauth from 'oauth4webapi'
import type { Integration } from '../domain/integration.ts'
import { clientAuthentication, confidentialOf } from './client-authentication.ts'
import { normalise } from './normalise.ts'
import type { RevocationOutcome } from './outcome.ts'
import { providerErrorCode } from './provider-text.ts'
import { refusesClient, retryAfter } from './token-outcome.ts'
import { asForm, authorizationServer, type RequestContext, renaming, requestOptions } from './token-request.ts'
import { NotSent, PerhapsSent, type TransportReply } from './transport.ts'

/** Asks the authorization server to revoke a token. Asking twice does no harm, so whatever is uncertain is tried again. RFC 7009. */
export async function revoke(
  context: RequestContext,
  integration: Integration,
  request: { token: string; tokenTypeHint: 'refresh_token' | 'access_token' },
): Promise<RevocationOutcome> {
  const received: { reply?: TransportReply } = {}
  // A form even under `token-body=json`: RFC 7009 §2.1 knows nothing else, and servers with JSON tokens keep to it.
  const write = renaming(integration, asForm)
  const options = requestOptions(context.transport, { integration, mayLeave: () => true, write }, (reply) => {
    received.reply = reply
    return new Response(null, { status: 200 })
  })
  try {
    const client = { client_id: integration.client.clientId }
    await oauth.revocationRequest(
      authorizationServer(integration, 'revocation'),
      client,
      clientAuthentication(integration.client),
      request.token,
      { ...options, additionalParameters: { token_type_hint: request.tokenTypeHint } },
    )
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) return { kind: 'retry', words: error.words }
    throw error
  }
  if (!received.reply) throw new Error('The revocation request ended without a reply.')
  return outcomeOf(received.reply, [request.token, ...confidentialOf(integration.client)], context.effects.now())
}

function outcomeOf(reply: TransportReply, secrets: readonly string[], now: Date): RevocationOutcome {
  const { status } = reply
  if (status >= 200 && status <= 299) return { kind: 'done' }
  if (status >= 500 || status === 429 || status === 408) {
    return { kind: 'retry', words: `answered ${status}`, ...retryAfter(reply, now) }
  }
  const normalised = normalise(reply)
  const error = normalised.kind === 'error' ? normalised.error : ''
  const code = providerErrorCode(error, secrets)
  const words = code === '' ? `answered ${status}` : `answered ${code}`
  return { kind: 'refused', words, ...(refusesClient(error, status) && { isOfClient: true }) }
}
