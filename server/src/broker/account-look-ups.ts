import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'

/** What looking accounts up is made of. */
export interface AccountParts {
  readonly store: { readonly tokens: Pick<Store['tokens'], 'recordAccount'> }
  readonly servers: Pick<AuthorizationServers, 'askAccount'>
  readonly effects: Pick<Effects, 'sleep'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
}

type Row = Pick<StoredToken, 'id' | 'userId' | 'account' | 'accountWantedFrom'>

/** The origin that a new sign-in's access token may be shown to for the account. */
export function accountOrigin({ accountUrl }: Integration): string | undefined {
  return accountUrl === undefined ? undefined : new URL(accountUrl).origin
}

/**
 * Asks services whose account a sign-in is (`account-url`), after it and, as long as nobody answered, after each renewal. Nothing
 * waits for it and nothing fails by it (docs/decisions/0064-whose-account-it-is.md).
 */
export class AccountLookUps {
  readonly #parts: AccountParts
  readonly #underWay = new Set<Promise<unknown>>()
  /** What the log has said already, by section: once is enough for all of its users. */
  readonly #told = new Map<string, string>()

  constructor(parts: AccountParts) {
    this.#parts = parts
  }

  /** In the background; nothing where the account is known or its origin must not see the token. */
  start(integration: Integration, token: Row, accessToken: string): void {
    if (!mayAsk(integration, token)) return
    const asking = this.#ask(integration, token, accessToken)
    this.#underWay.add(asking)
    void asking.finally(() => this.#underWay.delete(asking))
  }

  /** Waits for the look-ups under way, for at most the given time; what is open then is asked after the next renewal. */
  async drain(limitMs: number): Promise<void> {
    const stop = new AbortController()
    const limit = this.#parts.effects.sleep(limitMs, stop.signal).catch(() => undefined) // Aborted: all of them ended.
    await Promise.race([Promise.all(this.#underWay), limit])
    stop.abort()
  }

  async #ask(integration: Integration, token: Row, accessToken: string): Promise<void> {
    const { section } = integration
    try {
      const outcome = await this.#parts.servers.askAccount(integration, accessToken)
      if (outcome.kind === 'named') await this.#keep(section, token, outcome.account)
      else this.#tell(section, outcome.words)
    } catch (failure) {
      const facts = { failure: kindOfFailure(failure), section }
      this.#parts.log.warn(facts, 'Whose account a sign-in is could not be asked or kept.')
    }
  }

  async #keep(section: string, { id, userId }: Row, account: string): Promise<void> {
    const { store, audit, changes } = this.#parts
    this.#told.delete(section)
    if (!(await store.tokens.recordAccount(id, account))) return
    changes.publish(userId, 'integrations')
    await audit.record({ action: 'sign_in.account', outcome: 'ok', userId, section, detail: `as ${account}` })
  }

  #tell(section: string, words: string): void {
    if (this.#told.get(section) === words) return
    this.#told.set(section, words)
    const sentence =
      'A service did not say whose account a sign-in is; it is asked again after the next renewal. See account-url.'
    this.#parts.log.warn({ section, words }, sentence)
  }
}

/**
 * Access tokens go only where they could go when the user signed in (fault F33): to the account's origin of that time, or to one
 * that gets them anyway.
 */
function mayAsk(integration: Integration, { account, accountWantedFrom }: Row): boolean {
  const origin = accountOrigin(integration)
  if (origin === undefined) return false
  if (accountWantedFrom !== undefined) return accountWantedFrom === origin
  const { tokenUrl, refreshUrl = tokenUrl, validateUrl = tokenUrl } = integration
  return account === undefined && [tokenUrl, refreshUrl, validateUrl].some((url) => new URL(url).origin === origin)
}
