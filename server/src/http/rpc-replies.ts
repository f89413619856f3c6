import type {
  WireError,
  WireIntegration,
  WireIntegrationDetails,
  WireIntegrations,
  WireNames,
  WireReported,
  WireSession,
  WireSignedOut,
} from '@benchkey/sdk/wire'
import type { LastProblem, Reported, SessionFacts, SignedOut, WaitedForView } from '../broker/broker.ts'
import { callbackSentenceOf } from '../domain/callback-problems.ts'
import type { BrokerError } from '../domain/errors.ts'
import { hostOf, type Integration, issuerOf } from '../domain/integration.ts'
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
export function wireIntegrationsOf(
  views: readonly WaitedForView[],
  outside: readonly Integration[],
  phrasing: Phrasing,
): WireIntegrations {
  const listed = views.filter(({ integration }) => !integration.isDisabled)
  const off = views.filter(({ integration }) => integration.isDisabled).map(({ integration }) => namesOf(integration))
  const integrations = listed.map((view) => wireIntegrationOf(view, phrasing))
  return {
    providers: integrations.length === 0 ? [] : [{ type: 'custom', integrations }],
    ...(off.length === 0 ? {} : { switched_off: off }),
    ...(outside.length === 0 ? {} : { not_allowed: outside.map(namesOf) }),
  }
}

function namesOf({ uid, section, displayName, previousNames }: Integration): WireNames {
  return { uid, name: section, display_name: displayName, ...(previousNames ? { previous_names: previousNames } : {}) }
}

function wireIntegrationOf(view: WaitedForView, phrasing: Phrasing): WireIntegration {
  const { integration, state, token, lastProblem } = view
  const sentence = sentenceOf(state, phrasing)
  const needsSignIn = state.code === 'not_signed_in' || state.code === 'reauthentication_required'
  return {
    type: 'custom',
    ...namesOf(integration),
    client_id: integration.client.clientId,
    auth_url: integration.authorizationUrl,
    token_url: integration.tokenUrl,
    scopes: integration.scopes,
    issuer: issuerOf(integration),
    authenticated: token !== undefined && !needsSignIn,
    state: sentence.code,
    ...(sentence.reason === undefined ? {} : { reason: sentence.reason }),
    label: sentence.label,
    explanation: sentence.explanation,
    action: sentence.action,
    ...(sentence.brief === '' ? {} : { brief: sentence.brief }),
    ...(token?.account === undefined ? {} : { account: token.account }),
    ...(integration.gitHosts ? { git_hosts: integration.gitHosts } : {}),
    ...(lastProblem ? { last_problem: wireProblemOf(lastProblem, integration) } : {}),
  }
}

/** Reply of `/api/v1/integrations/:uid`. */
export function wireWaitedForOf(view: WaitedForView, phrasing: Phrasing): WireIntegrationDetails {
  const { integration, token, waitingSince } = view
  return {
    ...wireIntegrationOf(view, phrasing),
    link: phrasing.signInLink(integration.section),
    ...(token ? { signed_in_at: wireTime(token.signedInAt) } : {}),
    ...(waitingSince ? { waiting_since: wireTime(waitingSince) } : {}),
  }
}

function wireProblemOf(
  { problem, at, reference }: LastProblem,
  { displayName, section, authorizationUrl }: Integration,
): NonNullable<WireIntegration['last_problem']> {
  const { title, explanation } = callbackSentenceOf(problem, { name: displayName, section, host: hostOf(authorizationUrl) })
  return { code: problem, title, explanation, reference, at: wireTime(at) }
}

/** Reply of `/api/v1/session`. */
export function wireSessionOf(facts: SessionFacts, server: { publicUrl: string; version: string }): WireSession {
  const { session, cookieExpiresAt, now } = facts
  return {
    user: session.userName,
    session: { id: session.id, name: session.name, kind: session.kind, started_at: wireTime(session.startedAt) },
    cookie_expires_at: wireTime(cookieExpiresAt),
    server: { url: server.publicUrl, version: server.version, time: wireTime(now) },
  }
}

/** Reply of `/api/v1/integrations/:uid/sign-out`. */
export function wireSignedOutOf(signedOut: SignedOut): WireSignedOut {
  return signedOut.wasSignedIn ? { signed_out: true, revocation: signedOut.revocation } : { signed_out: false }
}

/** Reply of `/api/v1/integrations/:uid/report`. */
export function wireReportedOf({ outcome, explanation, action, retryAfterSeconds }: Reported): WireReported {
  return { outcome, explanation, action, ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }) }
}

/** UTC in whole seconds, as every instant of the RPC is written. */
export function wireTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`
}
