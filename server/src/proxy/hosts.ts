import { sessionOrigin } from '../domain/session-proxy.ts'
import { allowedHosts } from '../http/allowed-hosts.ts'

/** The host names under which session pages are served, and the origins they make. */
export class SessionHosts {
  readonly #sessionsUrl: string
  readonly #common: ReadonlySet<string> | undefined

  /** `sessionsUrl`: may have `{id}` in its host; each session has an origin of its own then. */
  constructor(sessionsUrl: string) {
    this.#sessionsUrl = sessionsUrl
    this.#common = sessionsUrl.includes('{id}') ? undefined : allowedHosts(sessionsUrl)
  }

  /** Whether a `Host` is one of ours; with hosts of their own, that of this session. */
  allows(host: string, sessionId: string | undefined): boolean {
    const asked = host.toLowerCase()
    if (this.#common) return this.#common.has(asked)
    const id = sessionId ?? asked.slice(this.#sessionsUrl.indexOf('{id}') - 'https://'.length).slice(0, ID_LENGTH)
    return URL.canParse(this.#sessionsUrl.replace('{id}', id)) && allowedHosts(this.#sessionsUrl.replace('{id}', id)).has(asked)
  }

  /** Scheme, host and port of a session's pages, as browsers write them into `Origin`. */
  originOf(sessionId: string): string {
    return sessionOrigin(this.#sessionsUrl, sessionId)
  }
}

const ID_LENGTH = '00000000-0000-0000-0000-000000000000'.length
