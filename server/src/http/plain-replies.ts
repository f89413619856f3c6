import type { ServerResponse } from 'node:http'
import type { WireError } from '@benchkey/sdk/wire'

/** Python shows the reason phrase and nothing else; a longer one is cut by some clients (wire.md, *Errors*). */
const REASON_PHRASE_LIMIT = 120

/** Writes what programs are answered: JSON or plain text, never HTML, never a redirect. */
export class PlainReplies {
  readonly #jsonHeaders: readonly string[]
  readonly #textHeaders: readonly string[]
  #isDraining = false

  /** `headers`: what every response carries. */
  constructor(headers: readonly (readonly [name: string, value: string])[]) {
    const common = headers.flat()
    this.#jsonHeaders = [...common, 'Content-Type', 'application/json']
    this.#textHeaders = [...common, 'Content-Type', 'text/plain; charset=utf-8']
  }

  /** From now on every answer closes its connection. */
  drain(): void {
    this.#isDraining = true
  }

  /** 200 with a JSON body that is ready to send. */
  json(response: ServerResponse, body: string): void {
    response.writeHead(200, this.#withLength(this.#jsonHeaders, Buffer.byteLength(body)))
    response.end(body)
  }

  /** 200 with JSON in ASCII: its characters are its bytes, and leave with the headers in one write. */
  asciiJson(response: ServerResponse, body: string): void {
    response.writeHead(200, this.#withLength(this.#jsonHeaders, body.length))
    response.end(body, 'latin1')
  }

  /** 200 with a word of plain text. */
  text(response: ServerResponse, body: string): void {
    response.writeHead(200, this.#withLength(this.#textHeaders, Buffer.byteLength(body)))
    response.end(body)
  }

  /** HTTP 200 with `error`: the one shape that R and Python both show as a readable sentence. */
  userError(response: ServerResponse, error: WireError): void {
    this.json(response, JSON.stringify(error))
  }

  /** A status ≥ 400: R shows the body, Python the reason phrase. */
  refuse(response: ServerResponse, status: number, sentence: string, more: readonly string[] = []): void {
    const headers = this.#withLength(this.#textHeaders, Buffer.byteLength(sentence))
    headers.push(...more)
    response.writeHead(status, reasonPhraseOf(sentence), headers)
    response.end(sentence)
  }

  /** JSON with another status than 200 where it is no refusal. */
  jsonWith(response: ServerResponse, status: number, body: object): void {
    const text = JSON.stringify(body)
    response.writeHead(status, this.#withLength(this.#jsonHeaders, Buffer.byteLength(text)))
    response.end(text)
  }

  /** A status ≥ 400 with JSON, for clients that look there for their error. */
  refuseInJson(response: ServerResponse, status: number, body: object, more: readonly string[] = []): void {
    const text = JSON.stringify(body)
    const headers = this.#withLength(this.#jsonHeaders, Buffer.byteLength(text))
    headers.push(...more)
    response.writeHead(status, headers)
    response.end(text)
  }

  #withLength(headers: readonly string[], length: number): string[] {
    const all = headers.slice()
    all.push('Content-Length', String(length))
    if (this.#isDraining) all.push('Connection', 'close')
    return all
  }
}

/** The first part of a sentence, without links, as RFC 9112 §4 lets it stand in a status line. */
export function reasonPhraseOf(sentence: string): string {
  const first = /^.*?[.](?= |$)/s.exec(sentence)?.[0] ?? sentence
  const withoutLink = first.replace(/\s*\S+:\/\/\S*/g, '')
  const ascii = withoutLink.replace(/…/g, '...').replace(/[^\x20-\x7e]/g, '?')
  return ascii.length <= REASON_PHRASE_LIMIT ? ascii : `${ascii.slice(0, REASON_PHRASE_LIMIT - 3)}...`
}
