import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CliError } from './command.ts'
import { KEEPER_SCRIPT } from './keeper-script.ts'

/** A running keeper: the runtime directory exists until `close`, or until this process dies. */
export interface Keeper {
  /** Whether the session's account can find and run the command. */
  readonly command: 'found' | 'missing' | 'blocked'
  /** Whether that account may work in the current folder. */
  readonly folder: 'open' | 'closed'
  readonly directory: string
  /** The CA bundle, when there is a private CA. */
  readonly bundle: string | undefined
  /** Replaces the cookie file; rejects with CliError when the directory is gone or full. */
  replaceCookie(cookie: string): Promise<void>
  /** Removes the directory; resolves when it is gone. */
  close(): Promise<void>
}

/** What a keeper is started with. */
export interface KeeperRequest {
  /** Words in front of the shell that switch accounts, or none. */
  readonly prefix: readonly string[]
  /** The command's own variables. */
  readonly environment: Readonly<Record<string, string>>
  readonly commandWord: string
  readonly caCertificate: string | undefined
  readonly cookie: string
}

/** Starts the keeper and has it write bundle and cookie. Rejects with CliError, in the keeper's own last words. */
export async function startKeeper(request: KeeperRequest): Promise<Keeper> {
  const [program = '/bin/sh', ...words] = [...request.prefix, '/bin/sh', '-c', KEEPER_SCRIPT, 'benchkey', request.commandWord]
  // A process group of its own: Ctrl-C at the terminal must not end it before the command.
  const child = spawn(program, words, { detached: true, env: request.environment, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
    child.on('error', () => resolve())
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-500)
  })
  child.on('error', (error) => {
    complaints = `${program} cannot be started: ${error.message}`
  })
  child.stdin.on('error', () => undefined) // A keeper that died says so by the end of its stdout.
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const answer = async (keyword: string): Promise<string> => {
    const { value = '', done } = await lines.next()
    if (value === keyword || value.startsWith(`${keyword} `)) return value.slice(keyword.length + 1)
    if (done) await ended
    throw new CliError(`The session's runtime directory cannot be kept${complaints ? `: ${oneLine(complaints)}` : ''}.`, {
      action: 'Make room for it in XDG_RUNTIME_DIR, /run/user or /tmp.',
    })
  }
  const replaceCookie = async (cookie: string): Promise<void> => {
    child.stdin.write(`${cookie}\n`)
    await answer('kept')
  }
  const close = async (): Promise<void> => {
    child.stdin.end()
    await ended
  }

  const pem = request.caCertificate?.trim()
  child.stdin.write(`${pem ? `${pem}\n` : ''}.\n`)
  try {
    const command = (await answer('command')) as Keeper['command']
    const folder = (await answer('folder')) as Keeper['folder']
    const directory = await answer('directory')
    const bundle = (await answer('bundle')) || undefined
    await replaceCookie(request.cookie)
    return { command, folder, directory, bundle, replaceCookie, close }
  } catch (error) {
    await close()
    throw error
  }
}

const oneLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
