import type { WireError, WireIntegration, WireIntegrations } from '@benchkey/sdk/wire'
import type { IntegrationView } from '../broker/broker.ts'
import type { BrokerError } from '../domain/errors.ts'
import { issuerOf } from '../domain/integration.ts'
import { type Phrasing, type State, sentenceOf } from '../domain/states.ts'

/** A broker's failure in the wire's words: whole for R and Python, in halves for a client that shows fact and act apart. */
export function wireErrorOf(error: BrokerError, phrasing: Phrasing): WireError {
  const { reason, retryAfterSeconds, state } = error.details
  const needsSignIn = error.code === 'not_signed_in' || error.code === 'reauthentication_required'
  return {
    error: error.message,
    ...(state === undefined ? {} : halvesOf(state, phrasing)),
    code: error.code,
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }),
    ...(needsSignIn && state?.section !== undefined ? { link: phrasing.signInLink(state.section) } : {}),
  }
}

function halvesOf(state: State, phrasing: Phrasing): Required<Pick<WireError, 'explanation' | 'action'>> {
  const { explanation, action } = sentenceOf(state, phrasing)
  return { explanation, action }
}

/** Reply of `/oauth_integrations`. */
export function wireIntegrationsOf(views: readonly IntegrationView[], phrasing: Phrasing): WireIntegrations {
  if (views.length === 0) return { providers: [] }
  return { providers: [{ type: 'custom', integrations: views.map((view) => wireIntegrationOf(view, phrasing)) }] }
}

function wireIntegrationOf({ integration, state, token }: IntegrationView, phrasing: Phrasing): WireIntegration {
  const sentence = sentenceOf(state, phrasing)
  const needsSignIn = state.code === 'not_signed_in' || state.code === 'reauthentication_required'
  return {
    type: 'custom',
    name: integration.section,
    display_name: integration.displayName,
    client_id: integration.client.clientId,
    auth_url: integration.authorizationUrl,
    token_url: integration.tokenUrl,
    scopes: integration.scopes,
    issuer: issuerOf(integration),
    authenticated: token !== undefined && !needsSignIn,
    uid: integration.uid,
    state: sentence.code,
    ...(sentence.reason === undefined ? {} : { reason: sentence.reason }),
    label: sentence.label,
    explanation: sentence.explanation,
    action: sentence.action,
  }
}
