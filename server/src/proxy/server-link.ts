import { hash } from 'node:crypto'
import type { FromProxy, SessionRoute, ToProxy } from '../domain/session-proxy.ts'

/** The server did not answer a question: its database is away, or too many are open. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

/** Questions that may be open at once; one is over in less than a millisecond. */
const MOST_OPEN = 2_000

type Answer = Extract<ToProxy, { question: number }>

/** What the proxy asks the server, over the channel between the two processes. It keeps no answer: each request asks anew. */
export class ServerLink {
  readonly #send: (message: FromProxy) => void
  readonly #open = new Map<number, { resolve: (answer: Answer) => void; reject: (failure: Error) => void }>()
  #last = 0

  constructor(send: (message: FromProxy) => void) {
    this.#send = send
  }

  /** The new entry's secret; undefined when the ticket opens nothing. Rejects with Unanswered. */
  async redeem(ticket: string, sessionId: string): Promise<string | undefined> {
    const answer = await this.#ask((question) => ({ kind: 'redeem', question, ticket, sessionId }))
    return answer.kind === 'redeemed' ? answer.entry : undefined
  }

  /** What an entry opens as of now. Rejects with Unanswered. */
  async route(entryHash: string, sessionId: string): Promise<SessionRoute> {
    const answer = await this.#ask((question) => ({ kind: 'route', question, entryHash, sessionId }))
    return answer.kind === 'routed' ? answer.route : { state: 'none' }
  }

  /** An answer of the server. */
  receive(answer: Answer): void {
    const waiting = this.#open.get(answer.question)
    this.#open.delete(answer.question)
    if (answer.kind === 'unanswered') waiting?.reject(new Unanswered('the server cannot say'))
    else waiting?.resolve(answer)
  }

  #ask(message: (question: number) => FromProxy): Promise<Answer> {
    if (this.#open.size >= MOST_OPEN) return Promise.reject(new Unanswered('too many questions are open'))
    this.#last += 1
    const question = this.#last
    return new Promise((resolve, reject) => {
      this.#open.set(question, { resolve, reject })
      this.#send(message(question))
    })
  }
}

/** The form in which the server knows an entry: SHA-256, hexadecimal. */
export function hashOfEntry(entry: string): string {
  return hash('sha256', entry, 'hex')
}
