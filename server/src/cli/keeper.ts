import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CliError } from './command.ts'
import { KEEPER_SCRIPT } from './keeper-script.ts'
import { oneLine } from './printing.ts'

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
  /** With `leaveUntil`: ends the keeper and leaves the directory behind; rejects with CliError when that did not work. */
  leave(): Promise<void>
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
  /** Leaves the directory behind until then, when the session ends; undefined: as long as the keeper runs. */
  readonly leaveUntil?: Date
}

/** Starts the keeper and has it write bundle and cookie. Rejects with CliError, in the keeper's own last words. */
export async function startKeeper(request: KeeperRequest): Promise<Keeper> {
  const until = request.leaveUntil === undefined ? '' : String(Math.ceil(request.leaveUntil.getTime() / 1000))
  const shell = new Conversation(
    [...request.prefix, '/bin/sh', '-c', KEEPER_SCRIPT, 'benchkey', request.commandWord, until],
    request.environment,
  )
  const replaceCookie = async (cookie: string): Promise<void> => {
    shell.write(`${cookie}\n`)
    await shell.answer('kept')
  }
  const pem = request.caCertificate?.trim()
  shell.write(`${pem ? `${pem}\n` : ''}.\n`)
  try {
    const command = (await shell.answer('command')) as Keeper['command']
    const folder = (await shell.answer('folder')) as Keeper['folder']
    const directory = await shell.answer('directory', /^\//)
    const bundle = (await shell.answer('bundle', /^(\/|$)/)) || undefined
    await replaceCookie(request.cookie)
    const leave = async (): Promise<void> => {
      const closed = shell.close()
      await shell.answer('left')
      await closed
    }
    return { command, folder, directory, bundle, replaceCookie, leave, close: () => shell.close() }
  } catch (error) {
    await shell.close()
    throw error
  }
}

/** Lines to the keeper's shell, and its answers in order. */
class Conversation {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  readonly #ended: Promise<void>
  #complaints = ''

  constructor([program = '', ...words]: readonly string[], environment: Readonly<Record<string, string>>) {
    // A process group of its own: Ctrl-C at the terminal must not end it before the command.
    this.#child = spawn(program, words, { detached: true, env: environment, stdio: 'pipe' })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-500)
    })
    this.#child.stdin.on('error', () => undefined) // A keeper that died says so by the end of its stdout.
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', () => resolve())
      this.#child.on('error', (error) => {
        this.#complaints = `${program} cannot be started: ${error.message}`
        resolve()
      })
    })
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  /**
   * What follows the keyword in the next line; any other line, or none, is a failure. It is the session's account that speaks, and
   * what it says is printed on an administrator's terminal.
   */
  async answer(keyword: string, shape = /^/): Promise<string> {
    const { value, done } = await this.#answers.next()
    const line: string = done ? '' : value
    const said = line.slice(keyword.length + 1)
    const isAnswer = line === keyword || line.startsWith(`${keyword} `)
    if (isAnswer && shape.test(said) && said === oneLine(said)) return said
    if (done) await this.#ended
    const words = oneLine(this.#complaints.trim().split('\n').at(-1))
    throw new CliError(`The session's runtime directory cannot be kept${words ? `: ${words}` : ''}.`, {
      action: 'Make room for it in XDG_RUNTIME_DIR, /run/user or /tmp.',
    })
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    await this.#ended
  }
}
