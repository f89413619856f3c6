import { connect } from 'node:net'
import { type HelperReply, type HelperRequest, parseHelperReply } from './helper-protocol.ts'
import { LauncherError } from './launcher.ts'
import type { RunAs } from './run-as.ts'
import { pathOfSession, type SessionDirectories } from './session-directories.ts'

/** Under a server that is not root: the session helper runs it. */
export function runAsByHelper(socketPath: string): RunAs {
  return async (account, words, given = {}) => {
    if (account === undefined) throw new Error('the session helper runs nothing without an account')
    const { left } = await ask(socketPath, { do: 'run', account, words, ...given })
    if (!left) throw new LauncherError('The session helper gave no answer that Benchkey understands. Is it of the same version?')
    return left
  }
}

/** The directories of sessions, made and removed by the session helper. */
export class HelpedDirectories implements SessionDirectories {
  readonly #socketPath: string
  readonly #base: string

  constructor(socketPath: string, base: string) {
    this.#socketPath = socketPath
    this.#base = base
  }

  pathOf(sessionId: string): string {
    return pathOfSession(this.#base, sessionId)
  }

  async make(sessionId: string, account: string | undefined): Promise<void> {
    await ask(this.#socketPath, { do: 'make', sessionId, account: account ?? '' })
  }

  async remove(sessionId: string): Promise<void> {
    await ask(this.#socketPath, { do: 'remove', sessionId })
  }
}

async function ask(socketPath: string, request: HelperRequest): Promise<Extract<HelperReply, { left?: unknown }>> {
  const line = await exchange(socketPath, JSON.stringify(request))
  const reply = parseHelperReply(line)
  if (!reply) throw new LauncherError('The session helper broke off. Its own log may say why.')
  if ('refused' in reply) throw new LauncherError(reply.refused)
  return reply
}

function exchange(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true })
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'unknown error'
      const words = `The session helper does not answer at ${socketPath} (${code}). Start it: benchkey session-helper.`
      reject(new LauncherError(words, { cause: error }))
    })
    socket.on('close', () => resolve(answer))
    socket.on('end', () => socket.end())
    socket.on('connect', () => socket.end(`${line}\n`))
  })
}
