import type { SessionEntries } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import type { ProxyTls } from '../domain/session-proxy.ts'
import type { HttpLog } from './log.ts'
import { SessionProxyProcess } from './session-proxy.ts'

/** How session pages are served. */
export interface SessionPagesOptions {
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly wwwAddress: string
  readonly trustedProxies: readonly string[]
  readonly tls: ProxyTls | undefined
  /** An origin, with `{id}` where each session has its own; undefined: the host of the public URL with the port. */
  readonly url: string | undefined
  /** 0: a free one. */
  readonly port: number
  /** Under `shared-origin=1`: where the process is asked, below the public URL and on no port of its own. */
  readonly socketPath?: string
  /** The account of the process; undefined: the server's own, which is all it can be unless it is root. */
  readonly account: (() => Promise<{ uid: number; gid: number } | { why: string; remedy: string }>) | undefined
}

/** The pages of sessions: the process that serves them, where they are, and why they are not. */
export class SessionPages {
  readonly #options: SessionPagesOptions | undefined
  readonly #parts: { readonly log: HttpLog; readonly effects: Effects }
  #process: SessionProxyProcess | undefined
  #obstacle: { readonly why: string; readonly remedy: string } | undefined

  /** Without options they are off. */
  constructor(options: SessionPagesOptions | undefined, parts: { readonly log: HttpLog; readonly effects: Effects }) {
    this.#options = options
    this.#parts = parts
  }

  /** Origin of the pages, with `{id}` where each session has its own; undefined when they are off. */
  get url(): string | undefined {
    if (!this.#options) return undefined
    const { url, publicUrl, port, socketPath } = this.#options
    if (socketPath !== undefined) return new URL(publicUrl).origin
    return url ?? originAt(publicUrl, this.#process?.port ?? port)
  }

  /** Why they do not answer: a sentence. Undefined when they do, or are about to. */
  get problem(): string | undefined {
    return this.#obstacle?.why ?? this.#process?.problem
  }

  /** What an administrator of the host does about it. */
  get remedy(): string | undefined {
    return this.#obstacle?.remedy
  }

  /** Resolves when the port is taken, or could not be; the process is started and kept alive beside. */
  async start(entries: SessionEntries): Promise<void> {
    if (!this.#options) return
    const { publicUrl, wwwAddress, trustedProxies, tls, port, account, url, socketPath } = this.#options
    const found = await account?.()
    if (found && 'why' in found) {
      this.#obstacle = found
      this.#parts.log.info({}, `${found.why} ${found.remedy}`)
      return
    }
    this.#process = new SessionProxyProcess({
      ...this.#parts,
      ...{ entries, account: found && { uid: found.uid, gid: found.gid } },
      listen: socketPath === undefined ? { address: wwwAddress, port } : { socketPath },
      settings: (taken) =>
        socketPath === undefined
          ? {
              sessionsUrl: url ?? originAt(publicUrl, taken),
              ...{ publicUrl, trustedProxies, isBehindServer: false },
              ...(tls ? { tls } : {}),
            }
          : { sessionsUrl: new URL(publicUrl).origin, publicUrl, trustedProxies: [], isBehindServer: true },
    })
    await this.#process.start()
  }

  /** Takes a renewed certificate for connections from now on. */
  replaceTls(tls: ProxyTls): void {
    this.#process?.replaceTls(tls)
  }

  /** Ends the process, and all that browsers have open to sessions. */
  async close(): Promise<void> {
    await this.#process?.close()
  }
}

function originAt(publicUrl: string, port: number): string {
  const url = new URL(publicUrl)
  url.port = String(port)
  return url.origin
}
