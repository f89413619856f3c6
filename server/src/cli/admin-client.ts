import { join } from 'node:path'
import { ADMIN_SOCKET_NAME, type AdminError, SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
import { CliError, EXIT, exitCodeOf } from './command.ts'

/** Longer than the slowest answer: a reload reads every file. */
const ADMIN_TIMEOUT_MS = 30_000

/** A refusal of the running server, with its code. */
export class AdminRefusal extends CliError {
  readonly code: string

  constructor(code: string, message: string) {
    super(message, { exitCode: exitCodeOf(code) })
    this.code = code
  }
}

/** Calls the running server over its admin socket (domain/admin-api.ts). */
export interface AdminClient {
  /** Where the socket lies. */
  readonly socketPath: string
  /** Resolves to the parsed body; rejects with AdminRefusal, or CliError when no server answers. */
  call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>
}

/** The admin client of the server that runs on this data directory. */
export function adminClient(dataDir: string, timeoutMs = ADMIN_TIMEOUT_MS): AdminClient {
  const socketPath = join(dataDir, ADMIN_SOCKET_NAME)
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_LIMIT_BYTES) {
    throw new CliError(`The path of the admin socket is too long: ${socketPath}.`, {
      action: `Choose a data directory so that it has at most ${SOCKET_PATH_LIMIT_BYTES} bytes.`,
      exitCode: EXIT.setup,
    })
  }
  return {
    socketPath,
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const text = body === undefined ? '' : JSON.stringify(body)
      const reply = await send({ socketPath, method, path, timeoutMs }, text).catch((error) => {
        throw unreachable(error as NodeJS.ErrnoException, dataDir)
      })
      const value = parse(reply.text)
      if (reply.status >= 200 && reply.status < 300 && value !== undefined) return value as T
      throw refusal(value, reply.status)
    },
  }
}

interface Reply {
  readonly status: number
  readonly text: string
}

interface Asked {
  readonly socketPath: string
  readonly method: string
  readonly path: string
  readonly timeoutMs: number
}

function send({ timeoutMs, ...asked }: Asked, body: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    // Not by `import`, which reads every export and so loads Node's WebSocket.
    const { request } = process.getBuiltinModule('node:http')
    const call = request({ ...asked, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) })
    call.on('error', reject)
    call.on('response', (response) => {
      response.setEncoding('utf8')
      response
        .toArray()
        .then((chunks: string[]) => resolve({ status: response.statusCode ?? 0, text: chunks.join('') }))
        .catch(reject)
    })
    call.end(body)
  })
}

/** For commands that look after a server: one that does not run is one that does not answer. Never returns. */
export function tryLaterWhenSilent(error: unknown): never {
  if (!(error instanceof CliError) || error instanceof AdminRefusal || !isSilence(error.cause)) throw error
  throw new CliError(error.message, {
    ...(error.action === undefined ? {} : { action: error.action }),
    exitCode: EXIT.tryLater,
    cause: error,
  })
}

function isSilence(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not JSON: the caller reports the status.
  }
}

function refusal(value: unknown, status: number): CliError {
  const error = (value as AdminError | undefined)?.error
  if (typeof error?.code === 'string' && typeof error.message === 'string') return new AdminRefusal(error.code, error.message)
  return new CliError(`The server answered ${status} without a reason.`, { action: "Look into the server's log." })
}

function unreachable(error: NodeJS.ErrnoException, dataDir: string): CliError {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CliError(`No Benchkey server runs on the data directory ${dataDir}.`, {
        action: 'Start it with: benchkey serve; or name its data directory with --data-dir DIR.',
        cause: error,
      })
    case 'ECONNREFUSED':
      return new CliError(`The Benchkey server of ${dataDir} has stopped; only its socket is left.`, {
        action: 'Start it again with: benchkey serve',
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
      return new CliError(`The admin socket in ${dataDir} is closed to you.`, {
        action: 'Run this as root or as the account Benchkey runs as.',
        cause: error,
      })
    case 'ABORT_ERR':
      return new CliError('The Benchkey server did not answer in time.', {
        action: 'Try again in a moment.',
        exitCode: EXIT.tryLater,
        cause: error,
      })
    default:
      return new CliError(`The connection to the Benchkey server broke (${error.code ?? error.message}).`, {
        action: 'Try again in a moment.',
        exitCode: EXIT.tryLater,
        cause: error,
      })
  }
}
