import type { BrokerError } from '../domain/errors.ts'
import { type Caller, mayUse } from '../domain/people.ts'
import { plainPhrasing, type StateCode } from '../domain/states.ts'
import type { AuditEvent, Store } from '../store/store.ts'
import { badRequest } from './bad-request.ts'
import type {
  CallbackProblemKind,
  ExchangedToken,
  IntegrationView,
  LastProblem,
  Reported,
  SessionCall,
  SessionCalls,
  SessionFacts,
  Sessions,
  SignedOut,
  SignIns,
  Tokens,
  WaitedForView,
} from './broker.ts'
import type { Catalogue } from './catalogue.ts'
import { exchangedOf } from './exchanged-token.ts'
import { ambiguousName, unlistedIntegration } from './integration-views.ts'
import { refusalOf } from './refusals.ts'
import { rpcCookieHash } from './rpc-cookie.ts'
import type { TokenReports } from './token-reports.ts'

/** A problem older than this is of another sign-in than the one somebody waits for now, in milliseconds. */
const PROBLEM_LIFE_MS = 15 * 60 * 1000

/** Failed sign-ins of one user that are looked through for the newest of one integration. */
const PROBLEMS_READ = 20

/** States of whom a failed sign-in may be the reason. */
const MISSING: ReadonlySet<StateCode> = new Set(['not_signed_in', 'reauthentication_required'])

const KINDS: { readonly [K in CallbackProblemKind]: true } = {
  denied: true,
  dead_link: true,
  scope_refused: true,
  client_refused: true,
  provider_failed: true,
  logged_out: true,
  doubled: true,
  not_yet: true,
  not_saved: true,
}

/** What the desk is made of. */
export interface SessionDeskParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly signIns: Pick<SignIns, 'signOut'>
  readonly sessions: Pick<Sessions, 'end'>
  readonly tokens: Pick<Tokens, 'authenticate' | 'list' | 'outside' | 'fetch'>
  readonly reports: Pick<TokenReports, 'report'>
  /** Counts one such call; throws when there were too many. */
  readonly costly: (caller: Pick<Caller, 'userId' | 'sessionId'>) => void
}

/** Answers what a session may ask beside tokens: who it is, how a sign-in is, to sign out, and that a token does not work. */
export class SessionDesk implements SessionCalls {
  readonly #parts: SessionDeskParts

  constructor(parts: SessionDeskParts) {
    this.#parts = parts
  }

  async describe({ cookie, address }: Omit<SessionCall, 'uid'>): Promise<SessionFacts> {
    const { store, costly, tokens } = this.#parts
    costly(await tokens.authenticate(cookie, address))
    const found = await store.sessions.findByCookie(rpcCookieHash(cookie))
    if (!found) throw this.#ended()
    return { ...found, now: store.now() }
  }

  /** Why a sign-in failed is looked up only where one is missing. */
  async integrations({ cookie, address }: Omit<SessionCall, 'uid'>): ReturnType<SessionCalls['integrations']> {
    const { tokens } = this.#parts
    const caller = await tokens.authenticate(cookie, address)
    const listed = await tokens.list(caller)
    const isMissing = ({ state }: IntegrationView): boolean => MISSING.has(state.code)
    const failures = listed.some(isMissing) ? await this.#failures(caller) : []
    const views = listed.map((view) => ({ ...view, ...(isMissing(view) ? this.#problemOf(view, failures) : {}) }))
    return { views, outside: tokens.outside(caller) }
  }

  async integration({ cookie, uid, address }: SessionCall): Promise<WaitedForView> {
    const { catalogue, tokens } = this.#parts
    const caller = await tokens.authenticate(cookie, address)
    const known = catalogue.find(uid)?.uid
    const view = (await tokens.list(caller)).find(({ integration }) => integration.uid === known)
    if (!view) throw unlistedIntegration(catalogue, uid, caller)
    return { ...view, ...this.#problemOf(view, await this.#failures(caller)) }
  }

  async signOut({ cookie, uid, address }: SessionCall): Promise<SignedOut> {
    const { catalogue, costly, signIns, tokens } = this.#parts
    const caller = await tokens.authenticate(cookie, address)
    costly(caller)
    const known = catalogue.find(uid)
    if (known && !mayUse(caller, known.uid)) throw unlistedIntegration(catalogue, uid, caller)
    return await signIns.signOut({ id: caller.userId, name: caller.userName }, uid, address, caller)
  }

  async end({ cookie, address }: Omit<SessionCall, 'uid'>): Promise<void> {
    const { costly, store, sessions, tokens } = this.#parts
    costly(await tokens.authenticate(cookie, address))
    const found = await store.sessions.findByCookie(rpcCookieHash(cookie))
    if (!found) throw this.#ended()
    if (found.session.kind !== 'login')
      throw badRequest('This session was not opened by benchkey login. End it where it was opened.')
    await sessions.end(found.session.id, 'benchkey logout')
  }

  async report({ cookie, ...report }: Parameters<SessionCalls['report']>[0]): Promise<Reported> {
    const caller = await this.#parts.tokens.authenticate(cookie, report.address)
    return await this.#parts.reports.report(caller, report)
  }

  async exchange({ cookie, audience, address }: Parameters<SessionCalls['exchange']>[0]): Promise<ExchangedToken> {
    const { catalogue, costly, store, tokens } = this.#parts
    let [named, ...others] = catalogue.named(audience)
    if (named && others.length > 0) {
      const caller = await tokens.authenticate(cookie, address)
      const usable = [named, ...others].filter(({ uid }) => mayUse(caller, uid))
      if (usable.length > 1) {
        costly(caller)
        throw ambiguousName(audience, usable)
      }
      named = usable[0] ?? named
    }
    // An audience that names nothing is refused by whoever refuses an unknown ID, after the cookie was looked at.
    const body = await tokens.fetch({ cookie, uid: named?.uid ?? audience, minTtlMs: undefined, address })
    return exchangedOf(body, store.now())
  }

  /** The audit knows how a sign-in ended, on whichever node that was; the newest first. */
  async #failures({ userName }: Caller): Promise<readonly AuditEvent[]> {
    return await this.#parts.store.audit.list({ limit: PROBLEMS_READ, userName, action: 'sign_in.failed' })
  }

  #problemOf({ integration, token }: IntegrationView, failures: readonly AuditEvent[]): { lastProblem?: LastProblem } {
    const since = Math.max(this.#parts.store.now().getTime() - PROBLEM_LIFE_MS, token?.signedInAt.getTime() ?? 0)
    const found = failures.find(({ section }) => section === integration.section)
    const problem = found?.detail?.split(':', 1)[0]
    if (!found || found.at.getTime() < since || !isKind(problem)) return {}
    return { lastProblem: { problem, at: found.at, reference: found.reference ?? '' } }
  }

  #ended(): BrokerError {
    return refusalOf({ code: 'session_ended' }, plainPhrasing(this.#parts.catalogue.publicUrl))
  }
}

function isKind(text: string | undefined): text is CallbackProblemKind {
  return text !== undefined && Object.hasOwn(KINDS, text)
}
