import type { TerminalMessage, TerminalRequest } from '@benchkey/sdk/pages'

/** Between tries to connect again. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000
/** After so many tries a person is told to look at the page itself. */
const PATIENT_TRIES = 4

/** What happens on the way to the terminal. */
export interface ConnectionEvents {
  message(message: TerminalMessage): void
  output(bytes: Uint8Array): void
  /** It is tried again by itself; `isLong` when that has failed a few times. */
  lost(isLong: boolean): void
}

/** The WebSocket to the terminal of this page, opened again when it is lost, until another page takes the terminal over. */
export class Connection {
  readonly #events: ConnectionEvents
  #socket: WebSocket | undefined
  #tries = 0
  #isTaken = false

  constructor(events: ConnectionEvents) {
    this.#events = events
  }

  open(): void {
    this.#isTaken = false
    const address = new URL('ws', location.href)
    address.protocol = address.protocol === 'http:' ? 'ws:' : 'wss:'
    const socket = new WebSocket(address)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#tries = 0
      if (typeof data === 'string') this.#hear(JSON.parse(data) as TerminalMessage)
      else this.#events.output(new Uint8Array(data))
    }
    socket.onclose = () => this.#openAgain()
    this.#socket = socket
  }

  send(request: TerminalRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request))
  }

  #hear(message: TerminalMessage): void {
    if (message.type === 'taken') this.#isTaken = true
    this.#events.message(message)
  }

  #openAgain(): void {
    if (this.#isTaken) return
    this.#events.lost(this.#tries >= PATIENT_TRIES)
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#tries)
    this.#tries += 1
    setTimeout(() => this.open(), pause)
  }
}
