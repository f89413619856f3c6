import type { Readable, Writable } from 'node:stream'

/** Exit codes of every command (docs/cli.md). */
export const EXIT = { ok: 0, failed: 1, usage: 2, signInNeeded: 4, tryLater: 75, setup: 78 } as const

/** A refusal in words: the fact, what to do, and the exit code. Nothing secret in either sentence. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly action: string | undefined
  readonly exitCode: number

  constructor(explanation: string, options: { action?: string; exitCode?: number; cause?: unknown } = {}) {
    super(explanation, options.cause === undefined ? undefined : { cause: options.cause })
    this.action = options.action
    this.exitCode = options.exitCode ?? EXIT.failed
  }
}

/** One option as `node:util` parses it; `value` names its argument in the help. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string'
  readonly value?: string
  readonly help: string
  /** May be given more than once; its values are in `repeated` of the call. */
  readonly isRepeatable?: true
}

/** The commands there are, by their words. */
export type CommandName =
  | 'token'
  | 'status'
  | 'integrations'
  | 'sign-in'
  | 'sign-out'
  | 'run'
  | 'git-credential'
  | 'login'
  | 'logout'
  | 'doctor'
  | 'session run'
  | 'session env'
  | 'session list'
  | 'session end'
  | 'ide install'
  | 'serve'
  | 'session-helper'
  | 'config check'
  | 'config import'
  | 'config history'
  | 'config rollback'
  | 'preset list'
  | 'preset show'
  | 'verify'
  | 'reload'
  | 'health'
  | 'user add'
  | 'user list'
  | 'user show'
  | 'user lock'
  | 'user unlock'
  | 'user role'
  | 'user remove'
  | 'service add'
  | 'service list'
  | 'service rotate'
  | 'service remove'
  | 'stored-token list'
  | 'stored-token revoke'
  | 'stored-token purge'
  | 'completion'
  | 'version'
  | 'help exit-codes'

/** One command: how it is called. */
export interface CommandSpec {
  readonly name: CommandName
  readonly summary: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Names of the arguments, for usage lines: `NAME` is required, `NAME…` once or more, `[NAME…]` any number of times. */
  readonly positionals: readonly string[]
  /** True when `-- COMMAND…` is required. */
  readonly takesCommand?: boolean
  /** True when it waits for a person or runs for long by its nature, and so shows by itself how it goes. */
  readonly ownsTerminal?: boolean
}

/** What was typed after the command's words. */
export interface Call {
  readonly options: Readonly<Record<string, string | true>>
  /** Values of options that may be given more than once, in their order. */
  readonly repeated?: Readonly<Record<string, readonly string[]>>
  readonly positionals: readonly string[]
  /** What follows `--`. */
  readonly command: readonly string[]
}

/** Does a command; resolves to its exit code, rejects with CliError or BenchkeyError in words. */
export type Run = (call: Call, context: Context) => Promise<number>

/** What `serve` needs of the running server. */
export interface RunningServer {
  readonly url: string
  close(): Promise<void>
  reload(): Promise<unknown>
}

/** The process around a command, as `bin.ts` knows it. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly configDir: string
  readonly dataDir: string
  readonly version: string
  /** A terminal when it has `isTTY`. */
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown }
  readonly output: Writable
  /** A terminal when it has `isTTY`. */
  readonly errors: Writable & { readonly isTTY?: boolean }
  readonly signals: Pick<NodeJS.Process, 'on' | 'off'>
  /** The folder that holds `benchkey`, for the PATH of sessions. */
  readonly executableDir: string
  /** Runs `start` with the file mask and core settings that the caller had, so that what it spawns inherits those. */
  readonly asCaller: <T>(start: () => T) => T
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** The part that is root where the server is not; `server`: the account that one runs as. */
  readonly startSessionHelper: (options: { server: string; socketPath: string }) => Promise<Pick<RunningServer, 'close'>>
  readonly startServer: (directories: { configDir: string; dataDir: string }) => Promise<RunningServer>
}

/** The exit code of a code of the table of states, or of the SDK's client (docs/cli.md). */
export function exitCodeOf(code: string): number {
  switch (code) {
    case 'not_signed_in':
    case 'reauthentication_required':
      return EXIT.signInNeeded
    case 'provider_unavailable':
    case 'server_unavailable':
    case 'database_unavailable':
      return EXIT.tryLater
    default:
      return EXIT.failed
  }
}

/** Writes one line of the answer to stdout. */
export function print(context: Pick<Context, 'output'>, line: string): void {
  context.output.write(`${line}\n`)
}

/** Writes words to stderr, as `benchkey: <fact>` and, indented, what to do. */
export function say(context: Pick<Context, 'errors'>, explanation: string, action?: string): void {
  context.errors.write(`benchkey: ${explanation}\n${action ? `  ${action}\n` : ''}`)
}

/** A finding as editors understand it, `file:line: …`; only warnings say what they are. */
export function findingLine(severity: 'error' | 'warning', text: string): string {
  return severity === 'warning' ? `${text} (warning)` : text
}

/** `1 error`, `2 errors` */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** Rows in columns two spaces apart, the last one ragged. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const lines = rows.map((row) =>
    row.map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length))).join('  '),
  )
  return lines.map((line) => line.trimEnd()).join('\n')
}
