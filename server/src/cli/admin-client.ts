import { join } from 'node:path'
import { ADMIN_SOCKET_NAME, type AdminError, type AdminStatus, SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
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
  /** Resolves to the parsed body; rejects with AdminRefusal, or CliError when no server answers: with 75, as waiting may help. */
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
        throw unreachable(error as NodeJS.ErrnoException, dataDir, method)
      })
      const value = parse(reply.text)
      if (reply.status >= 200 && reply.status < 300 && value !== undefined) return value as T
      throw refusal(value, reply.status)
    },
  }
}

/** Rejects as a call does when no server answers: for commands that ask a person first, who would answer for nothing. */
export async function requireServer(client: AdminClient): Promise<void> {
  await client.call<AdminStatus>('GET', '/status')
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

/** The one rule of all commands that ask the server: 75 when none runs or it does not answer; closed to this account is 1. */
function unreachable(error: NodeJS.ErrnoException, dataDir: string, method: string): CliError {
  const [explanation, action, exitCode = EXIT.tryLater] = silenceIn(error, dataDir, method)
  return new CliError(explanation, { action, exitCode, cause: error })
}

function silenceIn(
  error: NodeJS.ErrnoException,
  dataDir: string,
  method: string,
): readonly [explanation: string, action: string, exitCode?: number] {
  // What was to be changed may have been changed before the answer was lost.
  const again =
    method === 'GET' ? 'Try again in a moment.' : 'What it was to change may be done all the same: look, then try again.'
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [
        `No Benchkey server runs on the data directory ${dataDir}.`,
        'Start it with: benchkey serve; or name its data directory with --data-dir DIR.',
      ]
    case 'ECONNREFUSED':
      return [`The Benchkey server of ${dataDir} has stopped; only its socket is left.`, 'Start it again with: benchkey serve']
    case 'EACCES':
    case 'EPERM':
      return [
        `The admin socket in ${dataDir} is closed to you.`,
        'Run this as root or as the account Benchkey runs as.',
        EXIT.failed,
      ]
    case 'ABORT_ERR':
      return ['The Benchkey server did not answer in time.', again]
    default:
      return [`The connection to the Benchkey server broke (${error.code ?? error.message}).`, again]
  }
}
