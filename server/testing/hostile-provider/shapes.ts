import { answerOf, type Behaviour, type Exchange } from '../behaviours.ts'

/** The members of an answer, before they become bytes. */
export type Members = Readonly<Record<string, unknown>>

/** The ledger's answer as it should have been sent. */
export function jsonOf(exchange: Exchange): string {
  return JSON.stringify(answerOf(exchange).body)
}

/** The ledger's answer with its body written in another way; refusals go out as they are. */
export function shaped(
  write: (members: Members) => string | Uint8Array,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Behaviour {
  return (exchange) => {
    const { status, body } = answerOf(exchange)
    const { response } = exchange
    if (status !== 200) {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      return
    }
    response.writeHead(options.status ?? 200, { 'content-type': 'application/json', ...options.headers }).end(write(body))
  }
}

/** The ledger's answer as JSON under another status or other headers. */
export function under(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return shaped((members) => JSON.stringify(members), { status, headers })
}

/** The ledger's answer with some members changed; `undefined` takes a member away. A revocation's empty answer stays empty. */
export function withMembers(changes: Members): Behaviour {
  return shaped((members) => JSON.stringify('access_token' in members ? { ...members, ...changes } : members))
}

/** The ledger's answer with some members written as they stand there: what JSON.stringify cannot write. */
export function withText(text: string): Behaviour {
  return shaped((members) => `${JSON.stringify(members).slice(0, -1)}${'access_token' in members ? `,${text}` : ''}}`)
}

/** These bytes on the socket, as they are, and the end of the connection. */
export function raw(bytes: (exchange: Exchange) => string | Uint8Array): Behaviour {
  return (exchange) => {
    exchange.socket.end(bytes(exchange))
  }
}

/** A whole HTTP/1.1 reply by hand, with exactly these lines before the body. */
export function handwritten(lines: readonly string[], body: string): string {
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
