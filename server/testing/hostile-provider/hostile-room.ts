import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { CallbackResult } from '../../src/broker/broker.ts'
import { type CallbackSentence, callbackSentenceOf } from '../../src/domain/callback-problems.ts'
import { hostOf, type Integration } from '../../src/domain/integration.ts'
import type { User } from '../../src/domain/people.ts'
import type { StoredToken, TokenSecrets } from '../../src/domain/stored-token.ts'
import { grant } from '../behaviours.ts'
import { PlayedBrowser } from '../played-browser.ts'
import type { Rotation } from '../refresh-ledger.ts'
import { type Answer, type RefreshNode, RefreshRoom } from '../refresh-room.ts'
import type { Door, DoorKit } from './door.ts'
import type { NamedBehaviour } from './named-behaviour.ts'

const USER = 'ada'
const MINUTE_MS = 60_000
const LIFE_SECONDS = 30
/** The token of the first sign-in has ended by then: at 23 Nov 2026, 10:01. */
const LATER_MS = MINUTE_MS
/** The longest a refused client or an unsafe connection is left alone. */
const TRIAL_MS = 61_000
const CLIENT_SECRET = 'S3cret/of+the=client&more'
/** Of the event loop; more than any try takes. */
const MANY_TURNS = 200_000
const GAVE_UP = 'timed out after 15 s'

/** How a hostile room starts. */
export interface HostileRoomOptions {
  /** Default: `strict-family`, the one that forgives nothing. */
  readonly rotation?: Rotation
  readonly integration?: Partial<Integration>
}

/** What somebody saw of a callback: how it ended, and the page. */
export interface SeenCallback {
  readonly result: CallbackResult
  readonly page?: CallbackSentence
  /** What the audit says besides. */
  readonly why?: string
}

/** The broker over a real database and real sockets, and a hostile service whose ledger is the judge. One user is signed in. */
export class HostileRoom {
  readonly room: RefreshRoom
  readonly node: RefreshNode
  readonly #behaviour: NamedBehaviour
  readonly #browser: PlayedBrowser
  readonly #user: User
  readonly #tcp: Server | undefined
  /** Everything a person, an administrator or a log reader could have read so far. */
  readonly #texts: unknown[] = []
  readonly #codes: string[] = []
  /** The first sign-in. */
  readonly token: StoredToken

  private constructor(parts: {
    readonly room: RefreshRoom
    readonly node: RefreshNode
    readonly behaviour: NamedBehaviour
    readonly browser: PlayedBrowser
    readonly user: User
    readonly token: StoredToken
    readonly tcp: Server | undefined
  }) {
    this.room = parts.room
    this.node = parts.node
    this.#behaviour = parts.behaviour
    this.#browser = parts.browser
    this.#user = parts.user
    this.token = parts.token
    this.#tcp = parts.tcp
  }

  static async open(behaviour: NamedBehaviour, kit: DoorKit, options: HostileRoomOptions = {}): Promise<HostileRoom> {
    const { door = {}, takesTime = false } = behaviour
    const tls = await door.tls?.(kit)
    const room = await RefreshRoom.open({
      rotation: options.rotation ?? 'strict-family',
      skipsShortSleeps: !takesTime,
      ...(tls ? { tls } : {}),
      // Only where it is asked for: Node reads all its authorities anew for each list.
      network: { ...(tls ? { extraCa: kit.known.pem } : {}), ...(door.resolve ? { resolve: door.resolve } : {}) },
      integration: { client: { clientId: 'client', clientSecret: CLIENT_SECRET, authenticationMethod: 'client-secret-post' } },
    })
    const node = await room.node()
    const tcp = door.tcp && (await listen(door.tcp))
    const origin = originOf(room, door, tcp)
    const { authorizationUrl } = room.provider
    const addresses = { authorizationUrl, tokenUrl: `${origin}/token`, revocationUrl: `${origin}/revoke` }
    await node.configure({ ...addresses, ...options.integration })
    const user = await room.user(USER)
    const idHash = 'browser of ada'
    await room.store.browserSessions.create({ idHash, userId: user.id })
    const browser = new PlayedBrowser(node.signIns, { idHash, user, createdAt: room.now, lastSeenAt: room.now })
    const token = await room.signIn({ user: USER, lifeSeconds: LIFE_SECONDS })
    if (door.isClosed) await room.stopProvider()
    await room.clock.pass(LATER_MS)
    return new HostileRoom({ room, node, behaviour, browser, user, token, tcp })
  }

  /** The service's name in sentences. */
  get host(): string {
    return hostOf(this.room.integration.tokenUrl)
  }

  /** The service shows what it is, from now on. */
  turnHostile(): void {
    this.room.provider.always(this.#behaviour.play)
  }

  /** The service is well again. */
  heal(): void {
    this.room.provider.always(grant())
  }

  /** Signs in again: the code is exchanged with the service as it is. */
  async signInAgain(more: readonly (readonly [string, string])[] = []): Promise<SeenCallback> {
    const state = (await this.#browser.start(this.room.integration.uid)).searchParams.get('state') ?? ''
    const code = `code-${Buffer.from(this.room.clock.effects.randomBytes(12)).toString('hex')}`
    this.#codes.push(code)
    const result = await this.#through(this.#browser.answer([['state', state], ['code', code], ...more]))
    if (result.kind !== 'problem') return { result }
    const { displayName, section, authorizationUrl } = this.room.integration
    const page = callbackSentenceOf(result.problem, { name: displayName, section, host: hostOf(authorizationUrl) })
    const [event] = (await this.room.audited('sign_in.failed')).filter(({ reference }) => reference === result.reference)
    const { integration: _, ...shown } = result
    this.#texts.push(shown, page)
    return { result, page, ...(event?.detail === undefined ? {} : { why: event.detail }) }
  }

  /** Asks for a token, as a session does. */
  async fetch(): Promise<Answer> {
    const answer = await this.#through(this.node.fetch({ user: USER }))
    const { token: _, ...texts } = answer
    this.#texts.push(texts)
    return answer
  }

  /** What a caller gets once the flight it waited for has landed. */
  async fetchToTheEnd(): Promise<{ readonly first: Answer; readonly last: Answer }> {
    const first = await this.fetch()
    let last = first
    while (last.message?.includes(GAVE_UP)) last = await this.fetch()
    return { first, last }
  }

  /** Lets all pauses pass that a failure may have set. */
  async rest(): Promise<void> {
    const { lastFailure } = await this.row()
    const waitMs = lastFailure ? lastFailure.retryAt.getTime() - this.room.now.getTime() : 0
    await this.room.clock.pass(Math.max(TRIAL_MS, waitMs))
  }

  /** A person's *Try again*. */
  async tryAgain(): Promise<void> {
    await this.node.signIns.tryAgain(this.#user, this.room.integration.uid)
  }

  /** Signs out; resolves when what has to be revoked has been sent to the service once, or could not be. */
  async signOut(): Promise<void> {
    await this.node.signIns.signOut(this.#user, this.room.integration.uid, '192.0.2.1')
    const { waiting } = await this.room.store.revocations.counts()
    this.node.revocations.start()
    await this.#through(this.#revocationsTried(waiting))
  }

  /** Lets the queue try again until nothing is left. */
  async revokeToTheEnd(): Promise<void> {
    for (let minutes = 0; minutes < 100; minutes += 1) {
      const { waiting } = await this.room.store.revocations.counts()
      if (waiting === 0) return
      await this.room.clock.pass(MINUTE_MS)
      await this.#turns()
    }
  }

  /** What the page says about the revocation. */
  async revocation(): Promise<{ readonly state: string; readonly words: string } | undefined> {
    const { revocation } = await this.node.signIns.details(this.#user, this.room.integration.uid)
    this.#texts.push(revocation)
    return revocation
  }

  /** The user's row now. */
  async row(): Promise<StoredToken> {
    const row = await this.room.store.tokens.find(this.token.userId, this.token.integrationId)
    if (!row) throw new Error('The row is gone.')
    return row
  }

  /** What it holds. */
  async secrets(): Promise<TokenSecrets> {
    const { id, generation } = await this.row()
    const secrets = await this.room.store.tokens.readSecrets(id, generation)
    if (!secrets) throw new Error('The row has no secrets.')
    return secrets
  }

  /** What the integration suffers from, for everybody. */
  async trouble(): Promise<{ readonly kind: string; readonly words: string } | undefined> {
    return (await this.room.store.integrations.troubles()).get(this.token.integrationId)
  }

  /** Requests of this kind that the service has received. */
  requests(kind: 'refresh_token' | 'authorization_code' | 'revocation'): number {
    return this.room.provider.requests.filter(({ parameters }) =>
      kind === 'revocation' ? parameters.has('token') : parameters.get('grant_type') === kind,
    ).length
  }

  /** Of the secrets of this room, those that stand in a text somebody may have read: none. */
  async leaks(): Promise<readonly string[]> {
    const text = JSON.stringify([this.#texts, this.node.logged, await this.room.audited()])
    const verifiers = this.room.provider.requests.map(({ parameters }) => parameters.get('code_verifier') ?? '')
    const secrets = [CLIENT_SECRET, encodeURIComponent(CLIENT_SECRET), ...this.#codes, ...verifiers]
    const all = [...secrets, ...this.room.provider.ledger.everyToken()].filter((secret) => secret !== '')
    return all.filter((secret) => text.includes(secret))
  }

  async close(): Promise<void> {
    await this.room.close()
    if (this.#tcp) await closeServer(this.#tcp)
  }

  async #through<T>(work: Promise<T>): Promise<T> {
    return await (this.#behaviour.takesTime ? this.room.until(work) : work)
  }

  async #revocationsTried(jobs: number): Promise<void> {
    const ends = new Set(['token.revoked', 'revocation.delayed'])
    for (let turns = 0; turns < MANY_TURNS; turns += 1) {
      const events = (await this.room.audited()).filter(({ action }) => ends.has(action))
      if (events.length >= jobs) return
      await setImmediate()
    }
    throw new Error('The queue of revocations has not tried what it holds.')
  }

  async #turns(): Promise<void> {
    for (let turns = 0; turns < 50; turns += 1) await setImmediate()
  }
}

function originOf(room: RefreshRoom, door: Door, tcp: Server | undefined): string {
  if (!tcp) return door.origin?.(room.provider) ?? room.provider.origin
  const address = tcp.address()
  return `https://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
}

const sockets = new WeakMap<Server, Set<Socket>>()

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => open.delete(socket))
    onSocket(socket)
  })
  sockets.set(server, open)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

async function closeServer(server: Server): Promise<void> {
  for (const socket of sockets.get(server) ?? []) socket.destroy()
  await new Promise((resolve) => void server.close(resolve))
}
