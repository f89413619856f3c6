import { chooseAccountParamsOf, type Icon, type Integration, type IntegrationUid } from '../domain/integration.ts'
import type { BrowserSession, User } from '../domain/people.ts'
import { badRequest } from './bad-request.ts'
import type { CallbackResult, IntegrationDetails, IntegrationView, SignedOut, SignIns } from './broker.ts'
import { Callback } from './callback.ts'
import { orSayAway } from './database-away.ts'
import { REVOCATION_LIFE_MS } from './dropped-results.ts'
import { frozenHash } from './integration-hashes.ts'
import { unlistedIntegration, viewsFor } from './integration-views.ts'
import { newSecret, sha256 } from './random-values.ts'
import { addressKey, RateLimiter } from './rate-limit.ts'
import { attemptCookieName, type SignInParts } from './sign-in-parts.ts'

/** Open sign-in attempts of one user; the oldest goes (security.md, *Authorization request*). */
const OPEN_ATTEMPTS = 20

/** Seconds an attempt's cookie lives: as long as the attempt. */
const ATTEMPT_COOKIE_SECONDS = 600

/** Sign-ins one user may start, and refused refresh tokens they may have sent again: more than a person clicks. */
const PER_USER = { burst: 20, everyMs: 10_000 }

/** Sign-ins started from one address. */
const PER_ADDRESS = { burst: 60, everyMs: 1000 }

/** Sends a parked refresh token once more; of the refresh engine. */
export type TryAgain = (user: User, integration: Integration) => Promise<void>

/** Signing in to integrations and out of them, for a browser. */
export class BrowserSignIns implements SignIns {
  readonly #parts: SignInParts
  readonly #tryAgain: TryAgain
  readonly #callback: Callback
  readonly #perUser: RateLimiter
  readonly #perAddress: RateLimiter

  constructor(parts: SignInParts, tryAgain: TryAgain) {
    this.#parts = parts
    this.#tryAgain = tryAgain
    this.#callback = new Callback(parts)
    this.#perUser = new RateLimiter(PER_USER, parts.effects)
    this.#perAddress = new RateLimiter(PER_ADDRESS, parts.effects)
  }

  list(user: User): Promise<readonly IntegrationView[]> {
    return viewsFor(this.#parts, user.id)
  }

  async details(user: User, uid: IntegrationUid): Promise<IntegrationDetails> {
    const { integration, internalId } = this.#get(uid)
    const { store } = this.#parts
    const [views, runningSessions, revocations] = await Promise.all([
      viewsFor(this.#parts, user.id),
      store.sessions.countLive(user.id),
      store.revocations.listForUser(user.id),
    ])
    const view = views.find((candidate) => candidate.integration.uid === integration.uid)
    if (!view) throw unlistedIntegration(this.#parts.catalogue, uid)
    const open = revocations.find((revocation) => revocation.integrationId === internalId)
    const revocation = open && { state: open.state, since: open.queuedAt, words: open.words }
    return { ...view, runningSessions, ...(revocation ? { revocation } : {}) }
  }

  async start(
    session: BrowserSession,
    uid: IntegrationUid,
    returnTo: 'settings' | 'sign-in-page',
    address: string,
    which?: 'another account',
  ): ReturnType<SignIns['start']> {
    this.#limit(session.user, address)
    const { integration, internalId } = this.#get(uid)
    const { store, catalogue, servers, effects, audit, changes, log } = this.#parts
    const [state, cookie] = [newSecret(effects), newSecret(effects)]
    const codeVerifier = integration.pkce === 'S256' ? newSecret(effects) : undefined
    const redirectUri = catalogue.redirectUriOf(integration)
    const url = servers.authorizationRequestUrl(integration, {
      redirectUri,
      state,
      ...(codeVerifier === undefined ? {} : { codeChallenge: challengeOf(codeVerifier) }),
      ...(which === undefined ? {} : { more: chooseAccountParamsOf(integration) }),
    })
    const attempt = {
      userId: session.user.id,
      browserSessionHash: session.idHash,
      integrationId: internalId,
      section: integration.section,
      frozenHash: frozenHash(integration, redirectUri),
      frozenTokenUrl: integration.tokenUrl,
      redirectUri,
      ...(codeVerifier === undefined ? {} : { codeVerifier }),
      cookieHash: sha256(cookie),
      scopesAsked: integration.scopes,
      returnTo,
    }
    await orSayAway(log, 'The start of a sign-in', store.attempts.create(sha256(state), attempt, OPEN_ATTEMPTS))
    const who = { userName: session.user.name, section: integration.section, address }
    await audit.record({ action: 'sign_in.started', outcome: 'ok', ...who, ...(which === undefined ? {} : { detail: which }) })
    changes.publish(session.user.id, 'integrations')
    return { url, cookie: { name: attemptCookieName(state), value: cookie, maxAgeSeconds: ATTEMPT_COOKIE_SECONDS } }
  }

  finish(request: Parameters<SignIns['finish']>[0]): Promise<CallbackResult> {
    return this.#callback.finish(request)
  }

  /** Of an integration that is switched off too: it is the user's own sign-in. */
  async signOut(...[user, uid, address, session]: Parameters<SignIns['signOut']>): Promise<SignedOut> {
    const { integration, internalId } = this.#known(uid)
    const { store, audit, changes, revocations, log } = this.#parts
    const queue = integration.revocationUrl !== undefined
    const giveUpAt = new Date(store.now().getTime() + REVOCATION_LIFE_MS)
    const removed = await orSayAway(log, 'A sign-out', store.tokens.remove(user.id, internalId, { queue, giveUpAt }))
    if (!removed) return { wasSignedIn: false }
    const detail = queue ? 'revocation queued' : 'no revocation URL is configured'
    const who = { userName: user.name, section: integration.section, address, ...sessionOf(session) }
    await audit.record({ action: 'sign_out', outcome: 'ok', detail, ...who })
    changes.publish(user.id, 'integrations')
    if (queue) revocations.wake()
    return { wasSignedIn: true, revocation: queue ? 'queued' : 'not_offered' }
  }

  async tryAgain(user: User, uid: IntegrationUid): Promise<void> {
    this.#refuseAfter(this.#perUser.take(user.id))
    await this.#tryAgain(user, this.#get(uid).integration)
  }

  icon(uid: IntegrationUid): Icon | undefined {
    return this.#get(uid).integration.icon
  }

  #get(uid: IntegrationUid): { integration: Integration; internalId: string } {
    const known = this.#known(uid)
    if (known.integration.isDisabled) throw unlistedIntegration(this.#parts.catalogue, uid)
    return known
  }

  #known(uid: IntegrationUid): { integration: Integration; internalId: string } {
    const { catalogue } = this.#parts
    const integration = catalogue.find(uid)
    const internalId = catalogue.internalId(uid)
    if (!integration || internalId === undefined) throw unlistedIntegration(catalogue, uid)
    return { integration, internalId }
  }

  #limit(user: User, address: string): void {
    this.#refuseAfter(this.#perAddress.take(addressKey(address)) || this.#perUser.take(user.id))
  }

  #refuseAfter(wait: number): void {
    if (wait === 0) return
    throw badRequest(`Too many attempts. Try again in ${wait} s.`, wait)
  }
}

function sessionOf(session: Parameters<SignIns['signOut']>[3]): { sessionId?: string; sessionName?: string } {
  return session ? { sessionId: session.sessionId, sessionName: session.sessionName } : {}
}

/** RFC 7636 §4.2: the challenge of a verifier, method S256. */
function challengeOf(codeVerifier: string): string {
  return Buffer.from(sha256(codeVerifier), 'hex').toString('base64url')
}
