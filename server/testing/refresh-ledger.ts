import { randomBytes } from 'node:crypto'

/** What a second use of a refresh token does: nothing special, refused, the whole chain ends, or works for some seconds. */
export type Rotation = 'none' | 'strict' | 'strict-family' | `grace:${number}`

/** A refresh token's standing at the provider. */
export type RefreshTokenState = 'alive' | 'spent' | 'dead' | 'unknown'

/** A token endpoint's answer, before it becomes bytes. */
export interface LedgerAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, string | number>>
}

interface Entry {
  state: 'alive' | 'spent' | 'dead'
  readonly family: number
  spentAtMs?: number
}

/**
 * The book of a provider: which tokens it gave, which live, and who used what twice. It is the judge of the refresh tests and
 * of the simulator. It knows no sockets: `answer` takes the parameters of a token request.
 */
export class RefreshLedger {
  /** Token requests answered, of both grant types. */
  requests = 0
  /** Requests that gave a new pair for a refresh token. */
  refreshes = 0
  /** Uses of a refresh token that was spent or dead. */
  duplicates = 0
  /** Requests answered with an error. */
  refusals = 0
  readonly #entries = new Map<string, Entry>()
  readonly #familyOfAccessToken = new Map<string, number>()
  readonly #endedFamilies = new Set<number>()
  readonly #rotation: Rotation
  readonly #accessTokenSeconds: number
  readonly #nowMs: () => number
  readonly #newValue: () => string
  #families = 0

  constructor(options: { rotation: Rotation; accessTokenSeconds?: number; nowMs?: () => number; newValue?: () => string }) {
    this.#rotation = options.rotation
    this.#accessTokenSeconds = options.accessTokenSeconds ?? 3600
    this.#nowMs = options.nowMs ?? Date.now
    this.#newValue = options.newValue ?? (() => randomBytes(16).toString('base64url'))
  }

  /** A new sign-in: the first pair of a new chain. */
  signIn(): { accessToken: string; refreshToken: string } {
    this.#families += 1
    return this.#issue(this.#families)
  }

  /** Answers a token request (grant types `authorization_code`, any code, and `refresh_token`). */
  answer(parameters: URLSearchParams): LedgerAnswer {
    this.requests += 1
    if (parameters.get('grant_type') === 'authorization_code') return this.#reply(this.signIn())
    const token = parameters.get('refresh_token') ?? ''
    const entry = this.#entries.get(token)
    if (!entry) return this.#refuse('refresh token not known')
    if (entry.state === 'alive') return this.#refresh(entry)
    this.duplicates += 1
    if (entry.state === 'spent' && this.#isWithinGrace(entry)) return this.#reply(this.#issue(entry.family))
    if (this.#rotation === 'strict-family') this.endFamily(token)
    return this.#refuse('refresh token already used')
  }

  /** Revokes the chain an access or refresh token belongs to, as the user would at the service. */
  endFamily(token: string): void {
    const family = this.familyOf(token)
    if (family === undefined) return
    this.#endedFamilies.add(family)
    for (const entry of this.#entries.values()) if (entry.family === family) entry.state = 'dead'
  }

  /** The chain an access or refresh token belongs to, counted from 1. */
  familyOf(token: string): number | undefined {
    return this.#entries.get(token)?.family ?? this.#familyOfAccessToken.get(token)
  }

  /** The standing of a refresh token. */
  stateOf(refreshToken: string): RefreshTokenState {
    return this.#entries.get(refreshToken)?.state ?? 'unknown'
  }

  /** Whether the access token was given and its chain not ended; says nothing about its age. */
  isAccessTokenAlive(accessToken: string): boolean {
    const family = this.#familyOfAccessToken.get(accessToken)
    return family !== undefined && !this.#endedFamilies.has(family)
  }

  /** Refresh tokens a client may use now, oldest first. */
  aliveRefreshTokens(): readonly string[] {
    return [...this.#entries].filter(([, entry]) => entry.state === 'alive').map(([token]) => token)
  }

  /** Every access and refresh token ever given: none of them may stand in a text. */
  everyToken(): readonly string[] {
    return [...this.#entries.keys(), ...this.#familyOfAccessToken.keys()]
  }

  #refresh(entry: Entry): LedgerAnswer {
    this.refreshes += 1
    if (this.#rotation === 'none') {
      return this.#reply({ accessToken: this.#issueAccessToken(entry.family) })
    }
    entry.state = 'spent'
    entry.spentAtMs = this.#nowMs()
    return this.#reply(this.#issue(entry.family))
  }

  #issueAccessToken(family: number): string {
    const accessToken = `at-${this.#newValue()}`
    this.#familyOfAccessToken.set(accessToken, family)
    return accessToken
  }

  #issue(family: number): { accessToken: string; refreshToken: string } {
    const pair = { accessToken: this.#issueAccessToken(family), refreshToken: `rt-${this.#newValue()}` }
    this.#entries.set(pair.refreshToken, { state: 'alive', family })
    return pair
  }

  #isWithinGrace(entry: Entry): boolean {
    if (!this.#rotation.startsWith('grace:') || entry.spentAtMs === undefined) return false
    return this.#nowMs() - entry.spentAtMs <= Number(this.#rotation.slice('grace:'.length)) * 1000
  }

  #reply(pair: { accessToken: string; refreshToken?: string }): LedgerAnswer {
    const body = { access_token: pair.accessToken, token_type: 'Bearer', expires_in: this.#accessTokenSeconds }
    return { status: 200, body: pair.refreshToken === undefined ? body : { ...body, refresh_token: pair.refreshToken } }
  }

  #refuse(description: string): LedgerAnswer {
    this.refusals += 1
    return { status: 400, body: { error: 'invalid_grant', error_description: description } }
  }
}
