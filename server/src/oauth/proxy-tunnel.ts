import type { Socket } from 'node:net'
import { type OutgoingProxy, proxyName } from '../domain/outgoing.ts'
import { networkWords, TimeUp } from './network-words.ts'
import { closed } from './sockets.ts'
import { NotSent } from './transport.ts'

/** A reply to CONNECT is a status line and some headers. */
const HEAD_LIMIT_BYTES = 16 * 1024
const HEAD_END = '\r\n\r\n'

/** A tunnel to be asked for. */
export interface Tunnel {
  readonly proxy: OutgoingProxy
  /** `host:port`. */
  readonly target: string
  readonly signal: AbortSignal
  readonly onReply: (status: number) => void
}

/**
 * Asks the proxy at the other end of a connection for a tunnel (RFC 9110 §9.3.6); afterwards the connection is one to the target.
 * Rejects with NotSent, in words that name the proxy, and closes the connection.
 */
export async function openTunnel(socket: Socket, { proxy, target, signal, onReply }: Tunnel): Promise<void> {
  const name = proxyName(proxy)
  try {
    const fields = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, 'User-Agent: Benchkey', ...authorizationLine(proxy)]
    socket.write(`${fields.join('\r\n')}${HEAD_END}`)
    const head = await finalHead(socket, signal)
    const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})( |\r|$)/.exec(head)?.[1] ?? 0)
    if (status !== 0) onReply(status)
    if (status < 200 || status > 299) throw refusal(status, head, proxy)
  } catch (error) {
    socket.destroy()
    if (error instanceof NotSent) throw error
    const words = error instanceof TimeUp ? `did not connect to it: ${error.message}` : networkWords(error)
    throw new NotSent('network', `the proxy ${name} ${words}`, error)
  }
}

/** `Proxy-Authorization` of a proxy with a password, as undici and CONNECT take it. RFC 9110 §11.7.2, RFC 7617. */
export function proxyAuthorization({ userName, password }: OutgoingProxy): string | undefined {
  if (userName === undefined) return undefined
  return `Basic ${Buffer.from(`${userName}:${password ?? ''}`, 'utf8').toString('base64')}`
}

/** What the proxy said when it did not let a request pass. */
export function refusal(status: number, head: string, proxy: OutgoingProxy): NotSent {
  const name = `the proxy ${proxyName(proxy)}`
  if (status === 0) return new NotSent('proxy', `${name} answered something that is not HTTP`)
  // Tinyproxy says 401 of a password that is wrong.
  if (status === 407 || status === 401) return new NotSent('proxy', `${name} ${passwordWords(head, proxy)}`)
  if (status === 403) return new NotSent('proxy', `${name} does not allow this host`)
  if (status === 429 || status >= 500) return new NotSent('network', `${name} could not connect to it (answered ${status})`)
  return new NotSent('proxy', `${name} answered ${status}`)
}

function passwordWords(head: string, { userName }: OutgoingProxy): string {
  const schemes = [...head.matchAll(/^proxy-authenticate:[ \t]*([!-~]+)/gim)].map(([, scheme = '']) => scheme.toLowerCase())
  if (schemes.length > 0 && !schemes.includes('basic')) return 'asked for another log-in than a password (Basic)'
  return userName === undefined ? 'asked for a password' : 'does not accept its user name and password'
}

function authorizationLine(proxy: OutgoingProxy): readonly string[] {
  const value = proxyAuthorization(proxy)
  return value === undefined ? [] : [`Proxy-Authorization: ${value}`]
}

/** The head of the reply after all interim ones; what came behind it stays to be read. */
async function finalHead(socket: Socket, signal: AbortSignal): Promise<string> {
  let head = await readHead(socket, signal)
  while (/^HTTP\/1\.[01] 1/.test(head)) head = await readHead(socket, signal)
  return head
}

function readHead(socket: Socket, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0)
    const end = (settle: () => void): void => {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onReadable = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) read = Buffer.concat([read, chunk])
      const at = read.indexOf(HEAD_END)
      if (at === -1 && read.length <= HEAD_LIMIT_BYTES) return
      const rest = at === -1 ? Buffer.alloc(0) : read.subarray(at + HEAD_END.length)
      end(() => {
        if (rest.length > 0) socket.unshift(rest)
        resolve(at === -1 ? '' : read.toString('latin1', 0, at))
      })
    }
    const onEnd = (): void => end(() => reject(closed()))
    const onError = (error: Error): void => end(() => reject(error))
    const onAbort = (): void => end(() => reject(signal.reason))
    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else if (socket.destroyed) onEnd()
  })
}
