import { clientSecretsOf, type Integration } from '../domain/integration.ts'
import type { BrowserSession, SignInAttempt } from '../domain/people.ts'
import type { Extra, StoredToken } from '../domain/stored-token.ts'
import { type KeptFields, keptFields } from '../oauth/kept-fields.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'
import { newId } from '../store/database.ts'
import { type SavedReply, StoreError } from '../store/store.ts'
import type { JournalRoom } from '../store/store-of-results.ts'
import { accountOrigin } from './account-look-ups.ts'
import type { CallbackProblemKind, CallbackResult, SignIns } from './broker.ts'
import { type AuthorizationReply, issuerProblem, problemOfError, providerText, readAuthorizationReply } from './callback-reply.ts'
import { isDatabaseAway } from './database-away.ts'
import { frozenHash } from './integration-hashes.ts'
import { ATTEMPT_LIFE_MS } from './integration-views.ts'
import { kindOfFailure } from './log.ts'
import { looksLikeSecret, newReference, sameHash, sha256 } from './random-values.ts'
import { addressKey, RateLimiter } from './rate-limit.ts'
import { saveSignIn } from './save-sign-in.ts'
import { savedRefreshTokenOf, savedReplyOf } from './saved-reply.ts'
import { attemptCookieName, type SignInParts } from './sign-in-parts.ts'

type Request = Parameters<SignIns['finish']>[0]

/** Callbacks of one address; a whole office may come from one. */
const PER_ADDRESS = { burst: 60, everyMs: 1000 }

/** What is a fault, of the service or ours; everything else is a refusal. */
const FAILURES: ReadonlySet<CallbackProblemKind> = new Set(['provider_failed', 'not_yet', 'not_saved'])

/** Why a callback ends without a sign-in. `why` is for the audit only. */
interface Problem {
  readonly kind: CallbackProblemKind
  readonly why: string
  readonly attempt?: SignInAttempt
  readonly integration?: Integration
  readonly text?: string
}

/** An attempt that was taken out of the store, checked against who brought it, with its integration as frozen. */
interface Accepted {
  readonly attempt: SignInAttempt
  readonly integration: Integration
  readonly code: string
}

/** The authorization response's way from the browser to a stored sign-in. RFC 6749 §4.1.2 to §4.1.4. */
export class Callback {
  readonly #parts: SignInParts
  readonly #perAddress: RateLimiter

  constructor(parts: SignInParts) {
    this.#parts = parts
    this.#perAddress = new RateLimiter(PER_ADDRESS, parts.effects)
  }

  async finish(request: Request): Promise<CallbackResult> {
    const wait = this.#perAddress.take(addressKey(request.address))
    if (wait > 0) return { kind: 'too_many', retryAfterSeconds: wait }
    const room = await this.#reserve()
    if (!room) return await this.#refuse({ kind: 'not_yet', why: 'what comes could not be kept' }, request)
    try {
      return await this.#finish(request, room)
    } finally {
      room.release()
    }
  }

  /** Before anything is used up: room for what comes. Undefined when there is none. */
  async #reserve(): Promise<JournalRoom | undefined> {
    try {
      return await this.#parts.results.reserve()
    } catch (failure) {
      if (!isDatabaseAway(failure)) throw failure
      this.#parts.log.warn({ failure: kindOfFailure(failure) }, 'A sign-in could not be finished: the journal takes nothing now.')
      return undefined
    }
  }

  async #finish(request: Request, room: JournalRoom): Promise<CallbackResult> {
    const accepted = await this.#accept(request)
    if ('kind' in accepted) return await this.#refuse(accepted, request)
    const { attempt, integration } = accepted
    const sentAt = this.#parts.store.now()
    const outcome = await this.#parts.servers.exchangeCode(integration, {
      code: accepted.code,
      redirectUri: attempt.redirectUri,
      ...(attempt.codeVerifier === undefined ? {} : { codeVerifier: attempt.codeVerifier }),
    })
    const fromCallback = this.#keptOf(accepted, request)
    const reply = toBeSaved(accepted, outcome, sentAt, fromCallback.extra)
    if ('kind' in reply) return await this.#refuse(reply, request)
    const fromReply = outcome.kind === 'success' ? (outcome.reply.kept?.leftOut ?? []) : []
    this.#tellLeftOut(integration, [...fromCallback.leftOut, ...fromReply])
    const replaced = await this.#replacedRefreshToken(accepted)
    const saved = await this.#save(room, accepted, reply, sentAt)
    if ('kind' in saved) return await this.#refuse(saved, request)
    if (replaced !== undefined && replaced !== reply.secrets.refreshToken) {
      this.#parts.revocations.revokeReplaced(attempt.userId, integration, replaced)
    }
    await this.#afterSave(accepted, request, outcome)
    if (outcome.kind === 'success') {
      this.#parts.checks.start(integration, saved, outcome.reply.accessToken)
      this.#parts.accounts.start(integration, saved, outcome.reply.accessToken)
    }
    return { kind: 'signed_in', integration, returnTo: attempt.returnTo }
  }

  /**
   * A reply without a login or without the attempt's own cookie touches nothing, so that a stranger who learned a state
   * cannot use the attempt up. A reply that carries both takes the attempt out of the store, once; whatever is wrong with
   * it then, the attempt is spent (RFC 9700 §4.7.1: a state is good for one reply, an error reply too).
   */
  async #accept(request: Request): Promise<Accepted | Problem> {
    const reply = readAuthorizationReply(request.parameters)
    if (reply === 'doubled') return { kind: 'doubled', why: 'a parameter stands twice' }
    const { state } = reply
    if (state === undefined || !looksLikeSecret(state)) return { kind: 'dead_link', why: 'no state of ours' }
    const cookie = request.attemptCookie(attemptCookieName(state))
    if (cookie === undefined) return { kind: 'dead_link', why: 'no attempt cookie' }
    const { session } = request
    if (!session) return { kind: 'logged_out', why: 'nobody is logged in' }
    const attempt = await this.#take(state)
    if (attempt === 'database away') return { kind: 'not_yet', why: 'the database takes nothing now' }
    if (!attempt) return { kind: 'dead_link', why: 'unknown, used, expired or damaged state' }
    return this.#strangerAt(attempt, cookie, session) ?? this.#judge(attempt, reply, request.section)
  }

  /** Nothing is used up when the database takes nothing: the browser may come back with the same reply. */
  async #take(state: string): Promise<SignInAttempt | 'database away' | undefined> {
    try {
      return await this.#parts.store.attempts.take(sha256(state), ATTEMPT_LIFE_MS)
    } catch (failure) {
      // Its verifier does not open: the attempt is out of the store and useless.
      if (failure instanceof StoreError && failure.code === 'unreadable') return undefined
      if (!isDatabaseAway(failure)) throw failure
      this.#parts.log.warn(
        { failure: kindOfFailure(failure) },
        'A sign-in could not be finished: the database takes nothing now.',
      )
      return 'database away'
    }
  }

  /** The browser and the person at the callback must be the ones who started. */
  #strangerAt(attempt: SignInAttempt, cookie: string, session: BrowserSession): Problem | undefined {
    if (!sameHash(sha256(cookie), attempt.cookieHash)) return { kind: 'dead_link', why: 'wrong attempt cookie', attempt }
    if (session.user.id !== attempt.userId) return { kind: 'dead_link', why: 'another user', attempt }
    if (sameHash(session.idHash, attempt.browserSessionHash)) return undefined
    return { kind: 'logged_out', why: 'another login of the same user', attempt }
  }

  #judge(attempt: SignInAttempt, reply: AuthorizationReply, section: string | undefined): Accepted | Problem {
    const { catalogue } = this.#parts
    const integration = catalogue.findByInternalId(attempt.integrationId)
    if (!integration) return { kind: 'dead_link', why: 'the integration is not configured any more', attempt }
    const known = { attempt, integration }
    if (integration.isDisabled) return { kind: 'dead_link', why: 'the integration was switched off meanwhile', ...known }
    const redirectUri = catalogue.redirectUriOf(integration)
    if (frozenHash(integration, redirectUri) !== attempt.frozenHash || integration.tokenUrl !== attempt.frozenTokenUrl) {
      return { kind: 'dead_link', why: 'the configuration changed meanwhile', ...known }
    }
    const expectedSection = integration.redirectUri === 'per-integration' ? integration.section : undefined
    if (section !== expectedSection) return { kind: 'dead_link', why: "another integration's redirect URI", ...known }
    const mixedUp = issuerProblem(integration, reply.iss, catalogue.all())
    if (mixedUp !== undefined) return { kind: 'dead_link', why: mixedUp, ...known }
    if (reply.error !== undefined) {
      const text = reply.errorDescription ?? reply.error
      const secrets = [reply.state, reply.code, attempt.codeVerifier, ...clientSecretsOf(integration)]
      const shown = providerText(text, secrets)
      const why = providerText(reply.error, secrets) ?? 'error'
      return { kind: problemOfError(reply.error), why, ...known, ...(shown === undefined ? {} : { text: shown }) }
    }
    if (reply.code === undefined) return { kind: 'provider_failed', why: 'neither code nor error', ...known }
    return { ...known, code: reply.code }
  }

  /**
   * The refresh token this sign-in replaces, where revoking it cannot end the new one (`revocation-scope=token`); elsewhere
   * it is only dropped (refresh.md, *Sign-out and revocation*). Nothing that goes wrong here may cost the new sign-in.
   */
  async #replacedRefreshToken({ attempt, integration }: Accepted): Promise<string | undefined> {
    if (integration.revocationScope !== 'token' || integration.revocationUrl === undefined) return undefined
    const { tokens } = this.#parts.store
    try {
      const before = await tokens.find(attempt.userId, attempt.integrationId)
      // Tokens of another client or origin never travel to this one (fault F33).
      if (before?.clientFingerprint !== this.#parts.catalogue.fingerprintOf(integration)) return undefined
      return (await tokens.readSecrets(before.id, before.generation))?.refreshToken
    } catch (failure) {
      this.#parts.log.warn({ failure: kindOfFailure(failure) }, 'A replaced refresh token could not be read and is not revoked.')
      return undefined
    }
  }

  /** Data that came in the authorization response only (QuickBooks' `realmId`); it passed through the user's browser. */
  #keptOf({ attempt, integration, code }: Accepted, { parameters }: Request): KeptFields {
    const fields = (integration.keptCallbackFields ?? []).map((name) => ({ name, pointer: [name] }))
    const state = parameters.find(([name]) => name === 'state')?.[1]
    return keptFields(Object.fromEntries(parameters), fields, [
      code,
      state,
      attempt.codeVerifier,
      ...clientSecretsOf(integration),
    ])
  }

  #tellLeftOut({ section }: Integration, fields: readonly string[]): void {
    if (fields.length === 0) return
    const facts = { section, fields: fields.join(', ') }
    this.#parts.log.warn(facts, 'Fields to be kept are too long, no plain values or secrets, and were left out.')
  }

  /** The sign-in is committed before anything else can fail. Answers a problem when it cannot be, or its user is gone meanwhile. */
  async #save(
    room: JournalRoom,
    { attempt, integration }: Accepted,
    reply: SavedReply,
    sentAt: Date,
  ): Promise<StoredToken | Problem> {
    const { userId, integrationId, scopesAsked } = attempt
    const clientFingerprint = this.#parts.catalogue.fingerprintOf(integration)
    const accountWantedFrom = accountOrigin(integration)
    const token = {
      id: newId(this.#parts.effects),
      userId,
      integrationId,
      scopesAsked,
      clientFingerprint,
      ...(accountWantedFrom === undefined ? {} : { accountWantedFrom }),
      reply,
      attemptId: attempt.id,
    }
    const result = { kind: 'sign_in', userId, integrationId, sentAt, token } as const
    const saved = await saveSignIn(this.#parts, room, result, integration)
    if (saved === 'user gone') return { kind: 'logged_out', why: 'the user was removed meanwhile', attempt, integration }
    if (saved !== 'database away') return saved
    // Dropped, not revoked: that could end an earlier sign-in of the user as well (refresh.md, *Sign-out and revocation*).
    return { kind: 'not_saved', why: 'the database took nothing for two minutes', attempt, integration }
  }

  async #afterSave({ attempt, integration }: Accepted, request: Request, outcome: TokenOutcome): Promise<void> {
    const { audit, store, changes, log } = this.#parts
    const { section } = integration
    const partly = detailOf(outcome)
    await audit.record({ action: 'sign_in.finished', outcome: 'ok', section, ...partly, ...whoOf(request) })
    try {
      await store.integrations.clearTrouble(attempt.integrationId)
    } catch (failure) {
      log.warn({ failure: kindOfFailure(failure) }, 'A trouble that is over could not be cleared; the next refresh does it.')
    }
    changes.publish(attempt.userId, 'integrations')
  }

  /** Until then no revocation of the user runs there; one that is not written ends by its age. */
  async #giveUp({ id }: SignInAttempt): Promise<void> {
    try {
      await this.#parts.store.attempts.finish(id)
    } catch (failure) {
      this.#parts.log.warn({ failure: kindOfFailure(failure) }, 'A sign-in that was given up could not be marked as over.')
    }
  }

  async #refuse(problem: Problem, request: Request): Promise<CallbackResult> {
    const { store, effects, audit, changes } = this.#parts
    if (problem.attempt) await this.#giveUp(problem.attempt)
    const reference = newReference(effects)
    const at = store.now()
    await audit.record({
      at,
      action: 'sign_in.failed',
      outcome: FAILURES.has(problem.kind) ? 'failed' : 'refused',
      ...(problem.attempt ? { section: problem.attempt.section } : {}),
      ...whoOf(request),
      reference,
      detail: `${problem.kind}: ${problem.why}`,
    })
    if (problem.attempt) changes.publish(problem.attempt.userId, 'integrations')
    return {
      kind: 'problem',
      problem: problem.kind,
      ...(problem.integration ? { integration: problem.integration } : {}),
      ...(problem.text === undefined ? {} : { providerText: problem.text }),
      reference,
      at,
    }
  }
}

function detailOf(outcome: TokenOutcome): { detail?: string } {
  if (outcome.kind !== 'success') return { detail: `${outcome.words}; its refresh token is kept` }
  const { account } = outcome.reply
  return account === undefined ? {} : { detail: `as ${account}` }
}

function whoOf({ session, address }: Request): { userName?: string; address: string } {
  return session ? { userName: session.user.name, address } : { address }
}

/** What of a token reply is saved: the tokens, or the refresh token alone where nothing else can be read; or why nothing is. */
function toBeSaved(accepted: Accepted, outcome: TokenOutcome, sentAt: Date, extra: Extra): SavedReply | Problem {
  if (outcome.kind === 'success') return savedReplyOf(accepted.integration, outcome.reply, sentAt, extra)
  if (outcome.kind !== 'uncertain' || outcome.refreshToken === undefined) return problemOfOutcome(accepted, outcome)
  return savedRefreshTokenOf(outcome.refreshToken, sentAt, extra)
}

function problemOfOutcome(
  { attempt, integration, code }: Accepted,
  outcome: Exclude<TokenOutcome, { kind: 'success' }>,
): Problem {
  const known = { attempt, integration }
  const secrets = [code, attempt.codeVerifier, ...clientSecretsOf(integration)]
  const said = 'providerText' in outcome && outcome.providerText !== undefined ? outcome.providerText : undefined
  const text = said === undefined ? undefined : providerText(said, secrets)
  const why = providerText(outcome.words, secrets) ?? outcome.kind
  return { kind: kindOfOutcome(outcome), why, ...known, ...(text === undefined ? {} : { text }) }
}

function kindOfOutcome(outcome: Exclude<TokenOutcome, { kind: 'success' }>): CallbackProblemKind {
  if (outcome.kind === 'client_refused') return 'client_refused'
  if (outcome.kind === 'refused' && outcome.error === 'invalid_scope') return 'scope_refused'
  return 'provider_failed'
}
