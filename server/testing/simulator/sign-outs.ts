import type { Store } from '../../src/store/store.ts'
import type { SimulatedProvider } from './provider.ts'
import type { World } from './world.ts'

/** A flight that was open at a sign-out has ended by then, if its process lived: it is cut at 120 s, and saves for as long. */
const FLIGHTS_ENDED_MS = 5 * 60_000
/** Somebody signs in again at the latest so long after a sign-out. */
const LONGEST_PAUSE_MS = 20 * 60_000

/** What the sign-outs of a history work with. */
export interface SignOutParts {
  readonly world: World
  readonly provider: SimulatedProvider
  /** Of nobody who can be killed. */
  readonly store: Store
  readonly userId: string
  readonly integrationId: string
  readonly signIn: () => Promise<void>
  /** Whether a reply or its reader was lost between the instants. */
  readonly wasInterrupted: (from: number, to: number) => boolean
  readonly complain: (what: string) => void
  readonly note: (what: string) => void
}

/**
 * One sign-out in a history, at any time or while a token request is under way, and a new sign-in some minutes later. Judges
 * that nothing of the old grant is served from then on, and that its newest refresh token waits to be revoked.
 */
export class SignOuts {
  readonly #parts: SignOutParts
  #family: number | undefined
  /** When the row's refresh token was perhaps spent, before the sign-out: the newest one is then in nobody's hands. */
  #interruptedAt: number | undefined
  #outAt: number | undefined
  #backAt: number | undefined
  #wanted = false

  constructor(parts: SignOutParts) {
    this.#parts = parts
  }

  /** Somewhere in the time to come; `lengthMs` leaves room for the sign-in after it. */
  schedule(lengthMs: number): void {
    const { random } = this.#parts.world
    const atRequest = random.chance(0.7)
    this.#parts.world.at(random.next() * (lengthMs - 3 * LONGEST_PAUSE_MS), () => {
      if (atRequest) this.#wanted = true
      else void this.#signOut()
    })
    this.#parts.world.at(lengthMs - 2 * LONGEST_PAUSE_MS, () => {
      this.#wanted = false
    })
  }

  /** A token request leaves its node. */
  onRequest(): void {
    if (!this.#wanted) return
    this.#wanted = false
    this.#parts.world.at(this.#parts.world.random.between(0, 500), () => void this.#signOut())
  }

  /** A caller got this token. */
  served(accessToken: string): void {
    if (this.#outAt === undefined || this.#parts.provider.ledger.familyOf(accessToken) !== this.#family) return
    this.#parts.complain(`served ${accessToken} of a grant that was signed out at ${this.#outAt}`)
  }

  /** A caller who asked at that time was told that nobody is signed in. */
  refused(askedAt: number): void {
    const signedOut = this.#outAt !== undefined && askedAt <= (this.#backAt ?? Number.POSITIVE_INFINITY)
    if (!signedOut) this.#parts.complain('a caller met not_signed_in though somebody is signed in')
  }

  async #signOut(): Promise<void> {
    const { world, provider, store, userId, integrationId } = this.#parts
    const row = await store.tokens.find(userId, integrationId)
    const secrets = row && (await store.tokens.readSecrets(row.id, row.generation))
    if (!secrets) return
    const family = provider.ledger.familyOf(secrets.accessToken)
    await store.tokens.remove(userId, integrationId, { queue: true, giveUpAt: new Date(world.nowMs + 24 * 60 * 60_000) })
    this.#family = family
    const lostAt = row.reauthentication?.reason === 'interrupted' ? row.reauthentication.at : undefined
    this.#interruptedAt = (row.interruptedAt ?? row.intent?.at ?? lostAt)?.getTime()
    this.#outAt = world.nowMs
    this.#parts.note(`signed out of grant ${family}`)
    world.at(world.random.between(FLIGHTS_ENDED_MS, LONGEST_PAUSE_MS), () => void this.#signInAgain(world.nowMs))
  }

  async #signInAgain(now: number): Promise<void> {
    await this.#judgeQueue(now)
    await this.#parts.signIn()
    this.#backAt = this.#parts.world.nowMs
    this.#parts.note('signed in again')
  }

  async #judgeQueue(now: number): Promise<void> {
    const { provider, store, world, complain, wasInterrupted } = this.#parts
    const queued = new Set<string>()
    for (;;) {
      const { job } = await store.revocations.claimDue(new Date(world.nowMs), 60 * 60_000, 0)
      if (!job) break
      queued.add(job.token)
    }
    const newest = provider.ledger.aliveRefreshTokens().findLast((token) => provider.ledger.familyOf(token) === this.#family)
    // A reply that never arrived, or died with its reader, is in nobody's hands.
    const since = Math.min(this.#interruptedAt ?? Number.POSITIVE_INFINITY, (this.#outAt ?? 0) - FLIGHTS_ENDED_MS)
    if (newest === undefined || queued.has(newest) || wasInterrupted(since, now)) return
    complain(`${newest}, the newest of the signed-out grant, does not wait to be revoked`)
  }
}
