import { dirname, isAbsolute } from 'node:path'
import { builtin } from './builtin.ts'
import { codeOf, notBenchkey } from './errors.ts'
import { type Exchange, headersOf, REPLY_LIMIT_BYTES, type Reply, secondsIn } from './exchange.ts'
import type { Environment } from './session.ts'

/** As the server bounds its own. */
const HEAD_LIMIT_BYTES = 16 * 1024

/** The session socket of this host, and why it is not used, to end a sentence with. */
export interface LocalSocket {
  readonly path: string
  /** Undefined = it is used. */
  readonly trouble: string | undefined
}

/**
 * The socket that the session was given, looked at as before each call: the cookie goes to root or to this very account, and only
 * where nobody else could have put a socket of theirs. Undefined when the session was given none.
 */
export function localSocket(environment: Environment): LocalSocket | undefined {
  const path = environment.BENCHKEY_SERVER_SOCKET
  return path ? { path, trouble: troubleOf(path) } : undefined
}

function troubleOf(path: string): string | undefined {
  if (!isAbsolute(path)) return 'is no absolute path'
  const { lstatSync } = builtin('node:fs')
  try {
    const [socket, directory] = [lstatSync(path), lstatSync(dirname(path))]
    if (!socket.isSocket()) return 'is no socket'
    if (!isTrusted(socket.uid)) return 'belongs to another account'
    if (!directory.isDirectory()) return 'lies in something that is no directory'
    return isTrusted(directory.uid) && (directory.mode & 0o022) === 0 ? undefined : 'lies in a directory that others may write in'
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be looked at (${codeOf(error)})`
  }
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.()
}

/**
 * One call over the socket, on a connection of its own. Resolves to undefined when nobody answered there, so that it can go over the
 * network. Rejects with BenchkeyError for what is no answer of Benchkey's, else with what ended it.
 */
export function postOverSocket(path: string, exchange: Exchange): Promise<Reply | undefined> {
  const { signal } = exchange
  return new Promise((resolve, reject) => {
    const reader = new ReplyReader()
    const socket = builtin('node:net').connect({ path, signal })
    const give = (error: unknown): void => (reader.isEmpty && !signal.aborted ? resolve(undefined) : reject(error))
    socket.on('error', give)
    socket.on('close', () => give(Object.assign(new Error('the reply was cut off'), { code: 'ECONNRESET' })))
    socket.on('data', (chunk: Buffer) => {
      try {
        const reply = reader.add(chunk)
        if (!reply) return
        resolve(reply)
      } catch (error) {
        reject(error)
      }
      socket.destroy()
    })
    socket.write(requestOf(exchange))
  })
}

function requestOf(exchange: Exchange): string {
  const { url, body } = exchange
  const fields = Object.entries({ host: url.host, ...headersOf(exchange), connection: 'close' })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

interface Head {
  readonly status: number
  readonly retryAfter: number | undefined
  /** Bytes of the head and of the body. */
  readonly size: number
  readonly bodySize: number
}

/** Puts a reply together: of all that HTTP allows, what Benchkey's server sends. Throws `unexpected_reply` for anything else. */
class ReplyReader {
  readonly #chunks: Buffer[] = []
  #size = 0
  #head: Head | undefined

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** The reply, with its last byte. */
  add(chunk: Buffer): Reply | undefined {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    this.#head ??= this.#findHead()
    if (!this.#head) return undefined
    const { size, bodySize, status, retryAfter } = this.#head
    if (this.#size > size + bodySize) throw notBenchkey('it is longer than it says')
    if (this.#size < size + bodySize) return undefined
    return { status, retryAfter, text: Buffer.concat(this.#chunks).toString('utf8', size) }
  }

  #findHead(): Head | undefined {
    const bytes = Buffer.concat(this.#chunks)
    const end = bytes.indexOf('\r\n\r\n')
    if (end > HEAD_LIMIT_BYTES || (end < 0 && bytes.length > HEAD_LIMIT_BYTES)) throw notBenchkey('its head has no end')
    return end < 0 ? undefined : parseHead(bytes.toString('latin1', 0, end))
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(first)?.[1]
  if (status === undefined) throw notBenchkey('it does not begin as one')
  const fields = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([\w-]+): ?([\x20-\x7e]*)$/.exec(line) ?? []
    if (name === '') throw notBenchkey('a line of its head is damaged')
    const key = name.toLowerCase()
    if (key === 'content-length' && fields.has(key)) throw notBenchkey('it tells its length twice')
    fields.set(key, value)
  }
  const length = fields.get('content-length') ?? ''
  if (!/^\d{1,9}$/.test(length) || fields.has('transfer-encoding') || fields.has('content-encoding')) {
    throw notBenchkey('it does not tell its length')
  }
  if (Number(length) > REPLY_LIMIT_BYTES) throw notBenchkey('it says it sends more than a reply holds')
  return {
    status: Number(status),
    retryAfter: secondsIn(fields.get('retry-after')),
    size: text.length + 4,
    bodySize: Number(length),
  }
}
