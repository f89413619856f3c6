import { RefreshLedger, type Rotation } from '../refresh-ledger.ts'
import type { World } from './world.ts'

/** What the network does to one token request. */
export type Fate = 'answered' | 'refused' | 'unavailable' | 'lost_before' | 'lost_after' | 'broken_after'

/** A token request as the provider saw it, for the judge. */
export interface SeenRequest {
  readonly at: number
  readonly replay: boolean
  /** Milliseconds of life left of the access token that came with this refresh token; negative when it had ended. */
  readonly lifeLeftMs: number
  /** Since the refresh token was first spent, in milliseconds; undefined when it was not. */
  readonly sinceSpentMs: number | undefined
  /** The chain of tokens it belongs to. */
  readonly family: number | undefined
  /** Another live node's request of that chain was open at the same moment. */
  readonly overlapped: boolean
}

/** The ledger of the test providers in simulated time: what it says is alive, is. */
export class SimulatedProvider {
  readonly seen: SeenRequest[] = []
  readonly lifeMs: number
  readonly ledger: RefreshLedger
  readonly #world: World
  readonly #expiresAt = new Map<string, number>()
  readonly #spentAt = new Map<string, number>()
  readonly #pairEnds = new Map<string, number>()

  constructor(world: World, rotation: Rotation, lifeSeconds: number) {
    this.#world = world
    this.lifeMs = lifeSeconds * 1000
    let issued = 0
    this.ledger = new RefreshLedger({
      rotation,
      accessTokenSeconds: lifeSeconds,
      nowMs: () => world.nowMs,
      newValue: () => `${++issued}`,
    })
  }

  /** The first pair, as a sign-in gets it. */
  grant(): { accessToken: string; refreshToken: string } {
    const pair = this.ledger.signIn()
    this.#issued(pair.accessToken, pair.refreshToken)
    return pair
  }

  /** Whether the service would accept the access token now. */
  accepts(accessToken: string): boolean {
    return this.ledger.isAccessTokenAlive(accessToken) && (this.#expiresAt.get(accessToken) ?? 0) > this.#world.nowMs
  }

  /** One token request arrives. RFC 6749 §6. */
  receive(parameters: URLSearchParams, overlapped: boolean): { status: number; body: string } {
    const token = parameters.get('refresh_token') ?? ''
    const spentAt = this.#spentAt.get(token)
    const { nowMs } = this.#world
    const replay = this.ledger.stateOf(token) !== 'alive'
    const sinceSpentMs = spentAt === undefined ? undefined : nowMs - spentAt
    const lifeLeftMs = (this.#pairEnds.get(token) ?? nowMs) - nowMs
    this.seen.push({ at: nowMs, replay, lifeLeftMs, sinceSpentMs, family: this.ledger.familyOf(token), overlapped })
    const answer = this.ledger.answer(parameters)
    if (this.ledger.stateOf(token) === 'spent' && spentAt === undefined) this.#spentAt.set(token, nowMs)
    if (typeof answer.body.access_token === 'string')
      this.#issued(answer.body.access_token, String(answer.body.refresh_token ?? token))
    return { status: answer.status, body: JSON.stringify(answer.body) }
  }

  #issued(accessToken: string, refreshToken: string): void {
    const ends = this.#world.nowMs + this.lifeMs
    this.#expiresAt.set(accessToken, ends)
    this.#pairEnds.set(refreshToken, ends)
  }
}
