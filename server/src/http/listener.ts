import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions, STATUS_CODES } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SetupError } from '../domain/errors.ts'
import { type PlainReplies, reasonPhraseOf } from './plain-replies.ts'

/** PEM texts. */
export interface TlsIdentity {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

/** What one connection may cost. Times in milliseconds. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  /** Longer than the 60 s for which usual proxies keep theirs, so that no request meets a closing connection. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  /** A request without Host gets our own answer, with our headers. */
  requireHostHeader: false,
  noDelay: true,
}

/** One process with the usual 16,384 file descriptors keeps some for the database and for services. */
const MAX_CONNECTIONS = 10_000
/** Calls of this host's own sessions, each over before long; they share those descriptors. */
const MAX_LOCAL_CONNECTIONS = 2_000

/** AEAD with forward secrecy only; TLS 1.3's own suites come first. */
const TLS_CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Given again with every renewed certificate: node forgets them otherwise. */
const TLS_RULES = { minVersion: 'TLSv1.2', ciphers: TLS_CIPHERS, honorCipherOrder: true } as const

const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

/** First byte of every TLS connection: content type handshake, RFC 8446 §5.1. */
const TLS_HANDSHAKE_RECORD = 0x16

/**
 * The one listening server, not listening yet. With a TLS identity it speaks https, and hands plain http on the same port
 * to the same handler, which tells browsers to use https.
 */
export function createListener(tls: TlsIdentity | undefined, replies: PlainReplies, handler: RequestListener): Server {
  return equip(tls ? createTlsServer(tls) : createHttpServer(LIMITS), MAX_CONNECTIONS, replies, handler)
}

/** As `createListener`, for a socket in the file system: the kernel keeps what goes over it on this host. */
export function createLocalListener(
  replies: PlainReplies,
  handler: RequestListener,
  onParserError: (error: NodeJS.ErrnoException, socket: Duplex) => void,
): Server {
  return equip(createHttpServer(LIMITS), MAX_LOCAL_CONNECTIONS, replies, handler).on('clientError', onParserError)
}

function equip(server: Server, maxConnections: number, replies: PlainReplies, handler: RequestListener): Server {
  server.maxConnections = maxConnections
  server.on('request', handler)
  server.on('checkExpectation', (_request, response) => {
    replies.refuse(response, 417, 'Benchkey knows no expectation but 100-continue.')
  })
  return server
}

/** Takes a renewed certificate for connections from now on; without TLS there is none. Throws SetupError when it is unusable. */
export function replaceIdentity(server: Server, tls: TlsIdentity): void {
  if (server instanceof HttpsServer) orSetupError(() => server.setSecureContext({ ...TLS_RULES, ...tls }))
}

/** OpenSSL tells of a wrong file by an exception; its code names no secret. */
function orSetupError<T>(use: () => T): T {
  try {
    return use()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new SetupError(
      `ssl-certificate and ssl-certificate-key cannot be used (${code}). Give a PEM certificate chain and the PEM key that belongs to it.`,
      { cause },
    )
  }
}

function createTlsServer(tls: TlsIdentity): Server {
  const options = { ...LIMITS, ...TLS_RULES, ...tls, ALPNProtocols: ['http/1.1'], handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }
  const server = orSetupError(() => createHttpsServer(options))
  const [acceptTls] = server.listeners('connection')
  if (acceptTls === undefined) throw new Error('node:https registered no listener for connections')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const giveUp = (): void => void socket.destroy()
    socket.setTimeout(TLS_HANDSHAKE_TIMEOUT_MS, giveUp)
    socket.on('error', giveUp)
    socket.once('data', (chunk: Buffer) => {
      socket.setTimeout(0)
      socket.removeListener('timeout', giveUp)
      socket.removeListener('error', giveUp)
      socket.pause()
      socket.unshift(chunk)
      if (chunk[0] === TLS_HANDSHAKE_RECORD) acceptTls.call(server, socket)
      else server.emit('secureConnection', socket)
      process.nextTick(() => socket.resume())
    })
  })
  return server
}

/** Node's parser errors, as statuses and sentences. */
const PARSER_ERRORS: Readonly<Record<string, readonly [status: number, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of this request are larger than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of this request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'This request took too long to arrive.'],
}

/** Answers what node's parser refuses before there is a request, with the headers of every other response. */
export function answerParserError(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  headers: readonly (readonly [name: string, value: string])[],
): void {
  if (!/^(HPE|ERR_HTTP)_/.test(error.code ?? '') || !socket.writable || hasBegunToAnswer(socket)) {
    socket.destroy(error)
    return
  }
  const [status, sentence] = PARSER_ERRORS[error.code ?? ''] ?? [400, 'This is not an HTTP request that Benchkey understands.']
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhraseOf(sentence) || STATUS_CODES[status]}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(sentence)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${sentence}`)
}

/** A second status line inside an answer would be read as its body. */
function hasBegunToAnswer(socket: Duplex): boolean {
  const current: unknown = Reflect.get(socket, '_httpMessage')
  return typeof current === 'object' && current !== null && Reflect.get(current, 'headersSent') === true
}
