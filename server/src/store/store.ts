import type { IntegrationUid } from '../domain/integration.ts'
import type { BrowserSession, SignInAttempt, User } from '../domain/people.ts'
import type { ReauthenticationReason, StoredToken, TokenSecrets } from '../domain/stored-token.ts'
import type { UnreadReply } from '../domain/unread-reply.ts'
import type { ActivityStore } from './store-of-activity.ts'
import type { AuditEvent, AuditSearch } from './store-of-audit.ts'
import type { ConfigurationStore } from './store-of-configuration.ts'
import type { DeviceLoginStore } from './store-of-device-logins.ts'
import type { EntryStore } from './store-of-entries.ts'
import type { LeaseHolder, NodeStore } from './store-of-nodes.ts'
import type { Journal, JournalFolder } from './store-of-results.ts'
import type { RevocationStore } from './store-of-revocations.ts'
import type { ServiceStore } from './store-of-services.ts'
import type { SessionStore } from './store-of-sessions.ts'
import type { AttemptKey, NewToken, SavedReply } from './token-results.ts'

export type { ActivityStore, NewUse, SessionAddress, UseOfQuarter } from './store-of-activity.ts'
export type { AuditEvent } from './store-of-audit.ts'
export type { DeviceLoginStore } from './store-of-device-logins.ts'
export type { EntryStore } from './store-of-entries.ts'
export type { LeaseHolder, NodeStore, ServerNode } from './store-of-nodes.ts'
export type { RevocationJob, RevocationStore } from './store-of-revocations.ts'
export type { ServiceStore } from './store-of-services.ts'
export type { LookUp, SessionStore } from './store-of-sessions.ts'
export type { AttemptKey, NewToken, SavedReply } from './token-results.ts'

/** One database: tables, queries, migrations, encryption. All writes are durable when their promise resolves. */
export interface Store {
  readonly deploymentId: string
  readonly users: UserStore
  readonly browserSessions: BrowserSessionStore
  readonly integrations: IntegrationStore
  readonly attempts: AttemptStore
  readonly tokens: TokenStore
  readonly unreadReplies: UnreadReplyStore
  readonly sessions: SessionStore
  readonly entries: EntryStore
  readonly deviceLogins: DeviceLoginStore
  readonly services: ServiceStore
  readonly revocations: RevocationStore
  readonly audit: AuditStore
  readonly activity: ActivityStore
  readonly nodes: NodeStore
  readonly configuration: ConfigurationStore
  /** One ciphertext per key ever used: whoever opens them all has the right key ring. */
  sentinels(): Promise<readonly { readonly kid: string; readonly sentinel: string }[]>
  readonly dialect: 'SQLite' | 'PostgreSQL'
  /** Every key that ciphertexts may be under; the one new ones are under is `isActive`. */
  keys(): Promise<readonly { readonly kid: string; readonly createdAt: Date; readonly isActive: boolean }[]>
  /** The database's clock (SQLite: this process's; PostgreSQL: that of its host, common to all nodes). */
  now(): Date
  /** Rejects when the database cannot be read and written now. */
  ping(): Promise<void>
  /** The journal of the process that takes leases as `holder`, under the store's keys; nothing is written yet. */
  openJournal(folder: JournalFolder, holder: LeaseHolder): Journal
  /** Changes when the database was started again or another copy took its place: its last commits may be lost. */
  epoch(): Promise<string>
  close(): Promise<void>
}

/** Local accounts. */
export interface UserStore {
  /** Rejects with code `duplicate` (StoreError) when the name is taken, any case. */
  create(user: { name: string; passwordHash: string; isAdmin: boolean }): Promise<User>
  findByName(name: string): Promise<(User & { readonly passwordHash: string }) | undefined>
  list(): Promise<readonly User[]>
  /** With what they have, by name. `limits`: of web logins that count. */
  listWithCounts(limits: { idleMs: number; absoluteMs: number }): Promise<readonly CountedUser[]>
  /** Ids of those who are locked. */
  lockedIds(): Promise<ReadonlySet<string>>
  /** `none`: there is no such user. Locking ends the user's browser sessions in the same transaction. */
  setLocked(name: string, locked: boolean, keep?: AdministratorsKept): Promise<UserChanged>
  /** Web logins of theirs stay, and may do what the role may from the next request on. */
  setRole(name: string, role: Pick<User, 'isAdmin'>, keep?: AdministratorsKept): Promise<UserChanged>
  /**
   * Deletes the user with everything of theirs; their tokens at the integrations (internal ids) of `queueFor`, those with a
   * revocation URL, are queued for revocation in the same transaction.
   */
  remove(
    name: string,
    revocation: { queueFor: ReadonlySet<string>; giveUpAt: Date },
    keep?: AdministratorsKept,
  ): Promise<UserChanged>
}

/** `one`: the last administrator who is not locked stays so, whatever others do at the same time. `any`: nobody has to. */
export type AdministratorsKept = 'one' | 'any'

/** What became of an account: `last` means that it is the last administrator's and was left alone. */
export type UserChanged = 'done' | 'none' | 'last'

/** A person and what they have now. */
export interface CountedUser {
  readonly user: User
  readonly signIns: number
  readonly sessions: number
  readonly browsers: number
  /** In a browser, or by the last token a session had. */
  readonly lastSeenAt?: Date
}

/** Web logins, found by the hash of their cookie. */
export interface BrowserSessionStore {
  create(session: { idHash: string; userId: string }): Promise<void>
  /** Undefined when unknown, of a locked user, idle for longer than idleMs or older than absoluteMs; else touches lastSeenAt (at most once a minute). */
  find(idHash: string, limits: { idleMs: number; absoluteMs: number }): Promise<BrowserSession | undefined>
  remove(idHash: string): Promise<void>
  /** The same login under another hash, beginning now; sessions it opened and sign-ins under way follow. False when it has ended. */
  renew(idHash: string, newIdHash: string): Promise<boolean>
  /** Ends every web login of the user but one; how many were ended. */
  removeOthers(userId: string, keepIdHash: string): Promise<number>
  removeExpired(limits: { idleMs: number; absoluteMs: number }): Promise<number>
  /** How many web logins of the user are good now. */
  countLive(userId: string, limits: { idleMs: number; absoluteMs: number }): Promise<number>
}

/** Why nobody gets tokens from an integration now (class `configuration` of refresh.md). */
export interface IntegrationTrouble {
  readonly kind: 'client' | 'connection'
  readonly words: string
  readonly since: Date
  /** When one request may try whether it is right again. */
  readonly retryAt: Date
  /** Hash of the configuration that failed; another configuration voids the trouble. */
  readonly configurationHash: string
}

/** Internal ids of integrations, and what an integration suffers from. */
export interface IntegrationStore {
  /** Internal ids by uid, made when new. They never change, whatever happens to guid or section name. */
  ensure(integrations: readonly { uid: IntegrationUid; section: string }[]): Promise<ReadonlyMap<IntegrationUid, string>>
  troubles(): Promise<ReadonlyMap<string, IntegrationTrouble>>
  setTrouble(integrationId: string, trouble: IntegrationTrouble): Promise<void>
  /** Atomically moves retryAt on when it is due: true for the one caller that may try. */
  claimTrial(integrationId: string, now: Date, nextRetryAt: Date): Promise<boolean>
  clearTrouble(integrationId: string): Promise<boolean>
  /** Atomically notes that the end of its client secret is told on a day (`2026-11-23`): true for the one caller that may tell it. */
  claimExpiryDay(integrationId: string, day: string): Promise<boolean>
}

/** Sign-in attempts, found by the hash of their state; each is taken once. */
export interface AttemptStore {
  /** Stores an attempt under the hash of its state; drops expired ones; the oldest goes when the user has `limit` open. */
  create(stateHash: string, attempt: Omit<SignInAttempt, 'id' | 'startedAt'>, limit: number): Promise<SignInAttempt>
  /** Uses an attempt, once; it is under way until `finish` or `tokens.create`. Undefined when unknown, used, or older than maxAgeMs. */
  take(stateHash: string, maxAgeMs: number): Promise<SignInAttempt | undefined>
  /** A used attempt was given up. */
  finish(attemptId: string): Promise<void>
  /** Attempts of a user that wait for their one use, newest first. */
  listOpen(userId: string, maxAgeMs: number): Promise<readonly { integrationId: string; startedAt: Date }[]>
  removeExpired(maxAgeMs: number): Promise<number>
}

/** What became of a result that waited: saved now, there already, or of no use, as its row is gone or further on. */
export type LateEnd = 'saved' | 'known' | 'late'

/** A stored token with whose it is and where, in words. */
export interface OwnedToken {
  readonly token: StoredToken
  readonly userName: string
  /** As the integration was configured last. */
  readonly section: string
}

/** How the stored sign-ins at one integration are, of those to one client there. */
export interface TokenTally {
  readonly integrationId: string
  /** Those of another one than is configured now are of no use. */
  readonly clientFingerprint: string
  readonly total: number
  /** In use, ending, and without a refresh token. */
  readonly cannotRenew: number
  /** Waiting for their users: refused, or ended without a refresh token. */
  readonly needSignIn: number
  readonly lastUsedAt?: Date
  /** Whose last token request failed since the given instant, though not through their own refresh token. */
  readonly delayed: number
}

/** Stored tokens: one row per user and integration, its secrets apart from it. */
export interface TokenStore {
  find(userId: string, integrationId: string): Promise<StoredToken | undefined>
  get(tokenId: string): Promise<StoredToken | undefined>
  listForUser(userId: string): Promise<readonly StoredToken[]>
  /** Everybody's, also those of integrations that are not configured any more; by user name and section. */
  list(filter?: { userId?: string; integrationId?: string }): Promise<readonly OwnedToken[]>
  /** Counts by integration and client. `since`: failures before it are past. */
  tally(since: Date): Promise<readonly TokenTally[]>
  /** Decrypts. Rejects with code `unreadable` (StoreError) when any ciphertext of the row does not open. Undefined when row or generation is gone. */
  readSecrets(tokenId: string, generation: number): Promise<TokenSecrets | undefined>
  /**
   * A finished sign-in: a row with a new id replaces the user's previous one for the integration, in one transaction that also
   * ends its attempt and cancels waiting revocations of that user there (refresh.md, *Sign-out and revocation*).
   */
  create(token: NewToken): Promise<StoredToken>
  /**
   * As `create`, for a sign-in that waited in the journal: unless its row was there once, or somebody has signed in since it was
   * sent. Rejects with code `missing` when its user is gone.
   */
  createLate(token: NewToken & { readonly id: string }, sentAt: Date): Promise<LateEnd>
  /**
   * Compare-and-swap on the row's lease columns; true when the holder has it now. Void are leases that have run out, those of
   * owners that are dead and of nodes whose heartbeat is older than 15 s and, on SQLite, those of another boot, which
   * `monotonicMs` says nothing about. PostgreSQL measures by its own clock.
   */
  takeLease(
    tokenId: string,
    holder: LeaseHolder,
    monotonicMs: number,
    durationMs: number,
    isDead: (other: LeaseHolder) => boolean,
  ): Promise<boolean>
  /** False when the lease was lost. */
  renewLease(tokenId: string, holder: LeaseHolder, monotonicMs: number, durationMs: number): Promise<boolean>
  releaseLease(tokenId: string, holder: LeaseHolder): Promise<void>
  /** Commits the intent: only while the holder has the lease, the generation is unchanged and every live node is in the database's epoch. */
  beginAttempt(key: AttemptKey, holder: LeaseHolder, at: Date): Promise<boolean>
  /**
   * Saves a reply WHERE id, generation and attempt match; generation + 1, intent, failure and reauthentication cleared. A reply
   * without refresh token keeps the old one, and so for each name of `extra`. True again when this very attempt was saved already: a caller who does not know
   * whether its save was committed repeats it.
   */
  saveReply(key: AttemptKey, reply: SavedReply): Promise<boolean>
  /**
   * As `saveReply`, for a reply that waited in the journal: also where a failover has lost the intent of its attempt. A row that a
   * later attempt of the same generation made ask for a sign-in gets the reply's refresh token, to be tried.
   */
  saveLate(key: AttemptKey, reply: SavedReply, sentAt: Date): Promise<LateEnd>
  /**
   * The attempt is over: intent cleared, lastFailure set, interruptedAt = `uncertainSince` (undefined: unspent).
   * `oddRefusal` counts up oddRefusals (its `since` = the first one's `at`); without it the count is left as it is.
   */
  recordFailure(
    key: AttemptKey,
    failure: { words: string; at: Date; retryAt: Date; uncertainSince?: Date; oddRefusal?: boolean },
  ): Promise<boolean>
  /**
   * The attempt is over and says nothing about the row (nothing left this host, or the client was refused): the intent is
   * cleared, lastFailure stays as it was; interruptedAt becomes `uncertainSince`.
   */
  settleAttempt(key: AttemptKey, outcome: { uncertainSince?: Date }): Promise<boolean>
  /** Rows whose last token request was announced and not resolved, or whose refresh token is perhaps spent. */
  listInterrupted(): Promise<readonly StoredToken[]>
  /** Whether another row of the integration got a good reply since the instant: the client is accepted there. */
  anotherRenewedSince(integrationId: string, tokenId: string, since: Date): Promise<boolean>
  /** Parks the refresh token (7 days) and marks the row; no further provider call until sign-in or *Try again*. */
  requireSignIn(key: AttemptKey, verdict: { reason: ReauthenticationReason; at: Date; providerText?: string }): Promise<boolean>
  /** The row's ciphertext does not open (fault F25): it asks to sign in again. WHERE id and generation match; false when it did so already. */
  markUnreadable(tokenId: string, generation: number, at: Date): Promise<boolean>
  /**
   * A session reports that the access token does not work: true for the one caller that may refresh it for that, in `everyMs`
   * and over all nodes. False when the generation is another one by now.
   */
  claimReport(tokenId: string, generation: number, report: { at: Date; everyMs: number }): Promise<boolean>
  /** What the validation endpoint said of this access token. WHERE id and generation match: after a refresh it is another one. */
  recordValidation(tokenId: string, generation: number, validation: { at: Date; words?: string }): Promise<boolean>
  /** What `account-url` named, for this sign-in and whatever becomes of its tokens; from then on nobody asks again. */
  recordAccount(tokenId: string, account: string): Promise<boolean>
  /** *Try again*: takes the parked refresh token back into service, once. False when none is parked. */
  unpark(tokenId: string): Promise<boolean>
  /** Erases refresh tokens parked before the instant. */
  removeParkedBefore(at: Date): Promise<number>
  /** Forgets which rows ended before the instant: no result of them waits any more. */
  forgetEndedBefore(at: Date): Promise<number>
  /** Batched, not durable at once: last used by whom. */
  noteUses(uses: readonly { tokenId: string; at: Date; by: string }[]): Promise<void>
  /**
   * Sign-out: the row is gone at once for everyone; when `queue` (a revocation URL is known), a job for its refresh token and
   * one for its access token, unless that has expired, are queued in the same transaction.
   */
  remove(
    userId: string,
    integrationId: string,
    revocation: {
      queue: boolean
      giveUpAt: Date
      /** Only this one: after it there may have been another sign-in. */
      onlyId?: string
    },
  ): Promise<StoredToken | undefined>
  /** For a flight that ends after its row was signed out: its newest pair is what is revoked. */
  queueRevocation(
    token: { userId: string; integrationId: string; clientFingerprint?: string },
    secrets: TokenSecrets,
    giveUpAt: Date,
  ): Promise<void>
}

/** Answers to refreshes that were not understood: after a rotation one of them holds the only live tokens. */
export interface UnreadReplyStore {
  /** Keeps a few of a row and generation. False when that is gone. */
  keep(key: AttemptKey, reply: UnreadReply, sentAt: Date): Promise<boolean>
  /** Those whose rows have had no good reply since, newest first. */
  list(): Promise<readonly (AttemptKey & { readonly integrationId: string; readonly sentAt: Date })[]>
  /** Decrypts. Rejects with code `unreadable` (StoreError) when the ciphertext does not open. */
  read(key: Pick<AttemptKey, 'tokenId' | 'attempt'>): Promise<UnreadReply | undefined>
  /** As `saveReply`, whatever became of the attempt, unless the row has changed since or a request of it is under way. */
  recover(key: Pick<AttemptKey, 'tokenId' | 'generation'>, reply: SavedReply): Promise<boolean>
  removeBefore(at: Date): Promise<number>
}

/** Who did what. */
export interface AuditStore extends AuditSearch {
  append(events: readonly AuditEvent[]): Promise<void>
  /** Newest first. */
  list(filter: { limit: number; userName?: string; action?: string }): Promise<readonly AuditEvent[]>
  /** What one person did or had done to them, but for hand-outs of tokens; from `from` on and before `until`, newest first. */
  listOfUser(filter: {
    userName: string
    actions: readonly string[]
    from: Date
    until: Date
    limit: number
  }): Promise<readonly AuditEvent[]>
}

/**
 * `unreadable`: a ciphertext does not open. `duplicate`: the name is taken. `missing`: the user or integration a new row
 * belongs to is not there. `busy`: locked or out of reach for too long. `full`: no space left. `unknown`: the connection broke
 * while it was being committed, so it may be there or not.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'unreadable' | 'duplicate' | 'missing' | 'busy' | 'full' | 'unknown' | 'io'

  constructor(code: StoreError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
