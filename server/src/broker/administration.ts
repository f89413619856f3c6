import type { Configuration, LoadResult } from '../config/configuration.ts'
import { formatDiagnostic } from '../config/diagnostics.ts'
import { isLastAdministrator, type User } from '../domain/people.ts'
import { type LocalAccounts, passwordProblem, userNameProblem } from '../login/local-accounts.ts'
import { type Store, StoreError, type UserChanged } from '../store/store.ts'
import { aboutSelf } from './audit-desk.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { AccountChange, Administration, ReloadFinding, Sessions, UserDetails } from './broker.ts'
import type { HealthReport } from './broker-of-health.ts'
import type { Actor, SignInView } from './broker-of-oversight.ts'
import type { Catalogue } from './catalogue.ts'
import type { ClientSecrets } from './client-secrets.ts'
import { REVOCATION_LIFE_MS } from './dropped-results.ts'
import { healthOf, type KeyRingCheck } from './health.ts'
import type { LaunchedSessions } from './launched-sessions.ts'
import type { LiveChanges } from './live-changes.ts'
import { soleUserOf } from './logins.ts'
import type { NodeIdentity } from './node-heart.ts'
import { detailsOfUser, getUser, listSignIns, noSuchUser } from './oversight.ts'
import { actedBy } from './people.ts'
import type { SessionPagesFacts } from './session-entries.ts'
import type { UnsavedResults } from './unsaved-results.ts'

/** What the administrator's use cases are made of. */
export interface AdministrationParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly accounts: LocalAccounts
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly sessions: Sessions
  /** Undefined when this server starts none. */
  readonly launched: Pick<LaunchedSessions, 'endAllOf'> | undefined
  readonly singleUser: boolean
  /** The configuration the server was started with. */
  readonly started: Configuration
  readonly loadConfiguration: () => Promise<LoadResult>
  readonly wakeRevocations: () => void
  readonly checkKeyRing: KeyRingCheck
  readonly node: NodeIdentity
  readonly results: Pick<UnsavedResults, 'reserve' | 'overdue'>
  readonly clientSecrets: Pick<ClientSecrets, 'isNextAccepted'>
  readonly sessionPages: Pick<SessionPagesFacts, 'problem' | 'remedy'>
  /** Called when another configuration is in force, with the bytes of its `oauth-clients.conf`. */
  readonly configurationChanged: (configuration: Configuration, oauthClients: Buffer) => void
}

/** Accounts, the configuration, and whether all is well. */
export class Administrator implements Administration {
  readonly #parts: AdministrationParts
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(parts: AdministrationParts) {
    this.#parts = parts
  }

  async addUser(wanted: { name: string; password: string; isAdmin: boolean }): Promise<User> {
    const { store, accounts, audit, singleUser } = this.#parts
    const name = wanted.name.normalize('NFC')
    const problem = userNameProblem(name) ?? passwordProblem(wanted.password)
    if (problem !== undefined) throw badRequest(problem)
    const sole = singleUser ? soleUserOf(await store.users.list()) : undefined
    if (sole)
      throw badRequest(`This server has single-user=1 and its one user is "${sole.name}". Remove it first, or set single-user=0.`)
    const passwordHash = await accounts.hash(wanted.password)
    try {
      const user = await store.users.create({ name, passwordHash, isAdmin: wanted.isAdmin })
      await audit.record({
        action: 'user.added',
        outcome: 'ok',
        userName: user.name,
        detail: user.isAdmin ? 'administrator' : 'user',
      })
      return user
    } catch (failure) {
      if (failure instanceof StoreError && failure.code === 'duplicate') throw badRequest(`There is a user "${name}" already.`)
      throw failure
    }
  }

  listUsers(): Promise<readonly User[]> {
    return this.#parts.store.users.list()
  }

  showUser(name: string): Promise<UserDetails> {
    return detailsOfUser(this.#parts, name)
  }

  listSignIns(filter: Parameters<Administration['listSignIns']>[0]): Promise<readonly SignInView[]> {
    return listSignIns(this.#parts, filter)
  }

  async setLocked(
    name: string,
    locked: boolean,
    { by = {}, evenIfLast = false }: { by?: Actor; evenIfLast?: boolean } = {},
  ): Promise<AccountChange> {
    const { store, audit, changes } = this.#parts
    const user = await getUser(store, name)
    const changed = await store.users.setLocked(user.name, locked, evenIfLast ? 'any' : 'one')
    if (isKept(changed, name)) return 'last administrator'
    await audit.record({ action: locked ? 'user.locked' : 'user.unlocked', outcome: 'ok', userName: user.name, ...actedBy(by) })
    if (locked) changes.publish(user.id, 'logged_out')
    return 'done'
  }

  async setRole(name: string, { isAdmin }: Pick<User, 'isAdmin'>, { evenIfLast = false } = {}): Promise<AccountChange> {
    const { store, audit, changes } = this.#parts
    const user = await getUser(store, name)
    const changed = await store.users.setRole(user.name, { isAdmin }, evenIfLast ? 'any' : 'one')
    if (isKept(changed, name)) return 'last administrator'
    const detail = isAdmin ? 'administrator' : 'user'
    await audit.record({ action: 'user.role_changed', outcome: 'ok', userName: user.name, detail })
    changes.publish(user.id, 'rights')
    return 'done'
  }

  async removeUser(name: string, { evenIfLast = false } = {}): Promise<AccountChange> {
    const { store, catalogue, audit, changes, sessions, launched, wakeRevocations } = this.#parts
    const user = await getUser(store, name)
    // Before their sessions end for nothing; the database looks again.
    if (!evenIfLast && isLastAdministrator(user, await store.users.list())) return 'last administrator'
    await launched?.endAllOf(user.id, 'Its user was removed')
    for (const session of await sessions.list()) {
      if (session.userId === user.id) await sessions.end(session.id, 'the removal of its user')
    }
    const revocable = catalogue.all().filter((integration) => integration.revocationUrl !== undefined)
    const queueFor = new Set(revocable.flatMap(({ uid }) => catalogue.internalId(uid) ?? []))
    const giveUpAt = new Date(store.now().getTime() + REVOCATION_LIFE_MS)
    const changed = await store.users.remove(user.name, { queueFor, giveUpAt }, evenIfLast ? 'any' : 'one')
    if (isKept(changed, name)) return 'last administrator'
    await audit.record({ action: 'user.removed', outcome: 'ok', userName: user.name })
    changes.publish(user.id, 'logged_out')
    wakeRevocations()
    return 'done'
  }

  /** One reload at a time, each with the files as they are when it begins. */
  reload(by: Actor = {}): ReturnType<Administration['reload']> {
    const reloading = this.#reloading.then(() => this.#reload(by))
    // The next reload does not care how this one ended; its caller hears it.
    this.#reloading = reloading.catch(() => undefined)
    return reloading
  }

  async ready(): Promise<void> {
    await this.#parts.store.ping()
    if (this.#parts.audit.failing) throw new Error('the audit cannot be written')
  }

  health(): Promise<HealthReport> {
    return healthOf(this.#parts)
  }

  async #reload(by: Actor): ReturnType<Administration['reload']> {
    const { catalogue, store, audit, changes, loadConfiguration, configurationChanged } = this.#parts
    const { configuration, diagnostics, oauthClients } = await loadConfiguration()
    const findings = diagnostics.map(
      (finding): ReloadFinding => ({ severity: finding.severity, text: formatDiagnostic(finding) }),
    )
    if (!configuration) {
      const count = findings.filter(({ severity }) => severity === 'error').length
      await audit.record({ action: 'configuration.refused', outcome: 'refused', detail: `${count} errors`, ...aboutSelf(by) })
      return { applied: false, findings }
    }
    await catalogue.replace(configuration.integrations, store.now())
    configurationChanged(configuration, oauthClients ?? Buffer.alloc(0))
    await audit.record({
      action: 'configuration.applied',
      outcome: 'ok',
      detail: `${configuration.integrations.length} integrations`,
      ...aboutSelf(by),
    })
    changes.publishToAll('integrations')
    changes.publishToAll('sessions')
    return { applied: true, findings: [...findings, ...this.#needingRestart(configuration)] }
  }

  #needingRestart({ server, database }: Configuration): readonly ReloadFinding[] {
    const { started } = this.#parts
    const warn = (text: string): ReloadFinding => ({ severity: 'warning', text })
    return [
      ...(isSame(server, started.server)
        ? []
        : [warn('benchkey.conf: its changes take effect when the server is started again.')]),
      ...(isSame(database, started.database)
        ? []
        : [warn('database.conf: its changes take effect when the server is started again.')]),
    ]
  }
}

/** Whether the account is the last administrator's and so was left alone. Throws when there is none of that name. */
function isKept(changed: UserChanged, name: string): boolean {
  if (changed === 'none') throw noSuchUser(name)
  return changed === 'last'
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
