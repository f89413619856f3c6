import type { ServerResponse } from 'node:http'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import type { BrowserSession } from '../domain/people.ts'
import { reportUnknown } from './failures.ts'
import type { HttpLog } from './log.ts'

/** Shorter than the 30 s after which the strictest usual proxies close a silent connection; also when rights are looked at again. */
const PING_MS = 15_000

/** One stream a visible tab; more than this is a broken script, and the oldest goes. */
const STREAMS_PER_USER = 20

interface Stream {
  readonly response: ServerResponse
  readonly cookie: string
  readonly session: BrowserSession
  /** The role its page was last told of. */
  isAdmin: boolean
  readonly end: () => void
}

/** The server-sent events of open pages (WHATWG HTML §9.2). Events say "look again" and carry no data. */
export class EventStreams {
  readonly #broker: Broker
  readonly #effects: Effects
  readonly #log: HttpLog
  readonly #streams = new Set<Stream>()

  constructor(parts: { broker: Broker; effects: Effects; log: HttpLog }) {
    this.#broker = parts.broker
    this.#effects = parts.effects
    this.#log = parts.log
  }

  /** Takes over a response and keeps it open until the session, the browser or the server ends. */
  open(response: ServerResponse, session: BrowserSession, cookie: string): void {
    this.#makeRoomFor(session.user.id)
    const stopped = new AbortController()
    const stream: Stream = { response, cookie, session, isAdmin: session.user.isAdmin, end: () => stopped.abort() }
    const unsubscribe = this.#broker.changes.subscribe(session.user.id, (change) => {
      this.#tell(stream, change === 'logged_out' || change === 'rights' ? '' : `event: ${change}\ndata: {}\n\n`)
    })
    stopped.signal.addEventListener('abort', () => {
      unsubscribe()
      this.#streams.delete(stream)
      response.end()
    })
    response.on('close', stream.end)
    this.#streams.add(stream)
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
    response.write('retry: 2000\n\n')
    this.#ping(stream, stopped.signal).catch((error: unknown) => this.#giveUp(stream, error))
  }

  /** Ends the streams of one browser session: it logged out. */
  endSession(idHash: string): void {
    for (const stream of [...this.#streams]) if (stream.session.idHash === idHash) this.#sayGoodbye(stream)
  }

  /** Ends all streams: the server closes. */
  endAll(): void {
    for (const stream of [...this.#streams]) stream.end()
  }

  async #ping(stream: Stream, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#effects.sleep(PING_MS, signal).catch(() => undefined)
      if (!signal.aborted) await this.#write(stream, ': ping\n\n')
    }
  }

  #tell(stream: Stream, event: string): void {
    this.#write(stream, event).catch((error: unknown) => this.#giveUp(stream, error))
  }

  /**
   * Writes an event if the browser session still opens something; else it was logged out, locked, or ran out. Another role is told
   * before it, whoever changed it: another server of the database publishes nothing here.
   */
  async #write(stream: Stream, event: string): Promise<void> {
    const session = await this.#broker.logins.authenticate(stream.cookie)
    if (!this.#streams.has(stream)) return
    if (session?.user.id !== stream.session.user.id) return this.#sayGoodbye(stream)
    if (session.user.isAdmin !== stream.isAdmin) {
      stream.isAdmin = session.user.isAdmin
      stream.response.write('event: rights\ndata: {}\n\n')
    }
    if (event !== '') stream.response.write(event)
  }

  #sayGoodbye(stream: Stream): void {
    stream.response.write('event: logged_out\ndata: {}\n\n')
    stream.end()
  }

  #giveUp(stream: Stream, error: unknown): void {
    reportUnknown(error, 'events', this.#log, this.#effects)
    stream.end()
  }

  #makeRoomFor(userId: string): void {
    const own = [...this.#streams].filter((stream) => stream.session.user.id === userId)
    if (own.length >= STREAMS_PER_USER) own[0]?.end()
  }
}
