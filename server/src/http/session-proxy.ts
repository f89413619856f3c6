import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, rename, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { SessionEntries } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import type { FromProxy, ProxySettings, ProxyTls, ToProxy } from '../domain/session-proxy.ts'
import type { HttpLog } from './log.ts'
import { readProxyMessage } from './session-proxy-messages.ts'

/** What the process of the session pages is started with. */
export interface SessionProxyParts {
  readonly entries: SessionEntries
  /** For the port that was taken: the settings name it. */
  readonly settings: (port: number) => ProxySettings
  /** A port, where 0 takes a free one and keeps it; or a Unix socket, in a directory that only the server enters. */
  readonly listen: { readonly address: string; readonly port: number } | { readonly socketPath: string }
  /** The account it runs as; undefined: the server's own. */
  readonly account: { readonly uid: number; readonly gid: number } | undefined
  readonly log: HttpLog
  readonly effects: Effects
  /** Its program; default: that of this server. */
  readonly program?: string
}

const PROGRAM = join(import.meta.dirname, `../proxy/main${import.meta.filename.slice(import.meta.filename.lastIndexOf('.'))}`)

/** Bytes pass through it; what it keeps is small. In MiB. */
const HEAP_MIB = 256
/** It has not begun to answer after this time, in milliseconds: something holds it. */
const READY_MS = 20_000
/** Pauses before it is started again, in milliseconds; the last one is kept. */
const PAUSES_MS = [100, 500, 2_000, 10_000, 30_000]
/** One that lived so long, in milliseconds, begins with the first pause again. */
const GOOD_LIFE_MS = 60_000
/** At the end it is asked, and killed after this time, in milliseconds. */
const STOP_MS = 3_000

/**
 * The process that stands between browsers and sessions. It gets the listening socket and its settings over a channel of its own, and
 * nothing else: no environment, no file, no key. One that ends is started again.
 */
export class SessionProxyProcess {
  readonly #parts: SessionProxyParts
  readonly #closing = new AbortController()
  #child: ChildProcess | undefined
  #port: number
  #tls: ProxyTls | undefined
  #problem: string | undefined
  #life: Promise<void> | undefined
  #forget: (() => void) | undefined

  constructor(parts: SessionProxyParts) {
    this.#parts = parts
    this.#port = 'port' in parts.listen ? parts.listen.port : 0
  }

  /** Why session pages do not answer now: a sentence. Undefined when they do, or are about to. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** The port it listens on; what was asked for until it does. */
  get port(): number {
    return this.#port
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the port is taken, or could not be; it goes on trying then. */
  async start(): Promise<void> {
    this.#forget = this.#parts.entries.onChange(() => this.#tell({ kind: 'look_again' }))
    await new Promise<void>((resolve) => {
      this.#life = this.#live(resolve)
    })
  }

  /** Takes a renewed certificate for connections from now on. */
  replaceTls(tls: ProxyTls): void {
    this.#tls = tls
    this.#tell({ kind: 'tls', tls })
  }

  /** Ends it and what it has open. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#forget?.()
    const child = this.#child
    child?.kill('SIGTERM')
    const killer = setTimeout(() => child?.kill('SIGKILL'), STOP_MS)
    await this.#life
    clearTimeout(killer)
    const { listen } = this.#parts
    if ('socketPath' in listen) await rm(listen.socketPath, { force: true })
  }

  async #live(onFirst: () => void): Promise<void> {
    const { effects, log } = this.#parts
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted; failures += 1) {
      const beganAt = effects.monotonicMs()
      const why = await this.#once(onFirst)
      if (signal.aborted) break
      this.#problem = why
      log.warn({ why }, 'The session pages do not answer; they are started again.')
      onFirst()
      if (effects.monotonicMs() - beganAt > GOOD_LIFE_MS) failures = 0
      await effects.sleep(PAUSES_MS[failures] ?? PAUSES_MS.at(-1) ?? 0, signal).catch(() => undefined)
    }
    onFirst()
  }

  /** One life of the process, from its socket to its end; resolves to why it ended. */
  async #once(onListening: () => void): Promise<string> {
    let listener: Server | undefined
    try {
      listener = await this.#listen()
      onListening()
      const child = this.#spawn()
      const ended = endOf(child)
      const starting: ToProxy = { kind: 'start', settings: this.#settings() }
      child.on('message', (message) => this.#receive(readProxyMessage(message)))
      child.send(starting, listener, () => listener?.close())
      const slow = setTimeout(() => child.kill('SIGKILL'), READY_MS)
      child.once('message', () => clearTimeout(slow))
      const why = await ended
      clearTimeout(slow)
      return why
    } catch (failure) {
      return `${failure instanceof Error ? failure.message : 'unknown'}`
    } finally {
      listener?.close()
      this.#child = undefined
    }
  }

  #settings(): ProxySettings {
    const settings = this.#parts.settings(this.#port)
    return this.#tls && settings.tls ? { ...settings, tls: this.#tls } : settings
  }

  async #listen(): Promise<Server> {
    const { listen } = this.#parts
    const server = createServer((socket) => socket.destroy())
    if ('socketPath' in listen) return await listenOnPath(server, listen.socketPath)
    try {
      server.listen({ host: listen.address, port: this.#port })
      await once(server, 'listening')
    } catch (failure) {
      throw new Error(listenFailure(failure, listen.address, this.#port), { cause: failure })
    }
    const taken = server.address()
    if (taken !== null && typeof taken === 'object') this.#port = taken.port
    return server
  }

  #spawn(): ChildProcess {
    const { account, program = PROGRAM } = this.#parts
    const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, program], {
      cwd: '/',
      env: {},
      // A group of its own: what a terminal sends to the server's group ends the server first.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      ...(account ?? {}),
    })
    this.#child = child
    return child
  }

  #receive(message: FromProxy | undefined): void {
    const { log, entries } = this.#parts
    if (message === undefined) return
    if (message.kind === 'ready') {
      this.#problem = undefined
    } else if (message.kind === 'failed') {
      log.error({ failure: message.failure }, 'the process of the session pages met something it did not foresee')
    } else if (message.kind === 'active') {
      entries.touch(message.sessionIds).catch((failure: unknown) => this.#note(failure))
    } else void this.#answer(message)
  }

  async #answer(message: Extract<FromProxy, { question: number }>): Promise<void> {
    const { entries } = this.#parts
    const { question, sessionId } = message
    try {
      if (message.kind === 'redeem') {
        const redeemed = await entries.redeem(message.ticket, sessionId)
        this.#tell({ kind: 'redeemed', question, ...redeemed })
      } else {
        this.#tell({ kind: 'routed', question, route: await entries.route(message.entryHash, sessionId) })
      }
    } catch (failure) {
      this.#note(failure)
      this.#tell({ kind: 'unanswered', question })
    }
  }

  #note(failure: unknown): void {
    const words = failure instanceof Error ? `${failure.name}: ${failure.message}` : typeof failure
    this.#parts.log.warn({ failure: words }, 'The session pages could not be told what they asked.')
  }

  #tell(message: ToProxy): void {
    // One that has just gone is started again, and told anew.
    if (this.#child?.connected) this.#child.send(message, () => undefined)
  }
}

/** Closing a server removes the file under the name it was made with; the process goes on listening under this one. */
async function listenOnPath(server: Server, path: string): Promise<Server> {
  const first = `${path}.new`
  await rm(first, { force: true })
  server.listen(first)
  await once(server, 'listening')
  await chmod(first, 0o600)
  await rename(first, path)
  return server
}

/** Why a process ended, in a sentence. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (failure: NodeJS.ErrnoException) =>
      resolve(`Its process could not be started (${failure.code ?? 'unknown'}).`),
    )
    child.once('exit', (code, signal) => resolve(`Its process ended (${signal ?? `exit code ${code}`}).`))
  })
}

function listenFailure(failure: unknown, address: string, port: number): string {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : 'unknown error'
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses it. Stop that one, or set another sessions-port.',
    EACCES: 'this account may not. Use a port from 1024 on, or give the service the capability CAP_NET_BIND_SERVICE.',
  }
  return `Benchkey cannot listen on ${address} port ${port} for session pages: ${reasons[code] ?? `the system answered ${code}.`}`
}
