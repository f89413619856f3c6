import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccessToken, BenchkeyError, type Client } from '@benchkey/sdk'
import { CliError, type Context, say } from './command.ts'
import { waited } from './waiting.ts'

/** A token that a command reads from a file. */
export interface TokenFile {
  /** The variable that holds the path; the file is named after it. */
  readonly variable: string
  readonly uid: string
  readonly displayName: string
  readonly token: AccessToken
}

/** The files of one command, from before it starts until it has ended. */
export interface TokenFiles {
  /** Paths by variable. */
  readonly variables: Readonly<Record<string, string>>
  /** Stops keeping them fresh and removes them. */
  close(): Promise<void>
}

/** A renewed token is there at the latest so long after the server has it: no token that Benchkey hands out ends before, in ms. */
const LOOK_EVERY_MS = 30_000

/** Tokens that live for a few seconds are looked after this often, in milliseconds. */
const LEAST_PAUSE_MS = 1_000

/**
 * Writes each token into a file of mode 0600 in a new directory of mode 0700, and replaces it by rename whenever the server has
 * a newer one, so that a reader finds a whole token at any time.
 */
export function keepTokenFiles(
  files: readonly TokenFile[],
  client: Pick<Client, 'token'>,
  context: Pick<Context, 'environment' | 'errors' | 'sleep'>,
): TokenFiles {
  if (files.length === 0) return { variables: {}, close: async () => undefined }
  const directory = makeDirectory(context.environment)
  const over = new AbortController()
  try {
    const paths = files.map(({ variable }) => [variable, join(directory, variable)] as const)
    for (const { variable, token } of files) replace(join(directory, variable), token.accessToken)
    const loops = files.map((file) => keepFresh(file, join(directory, file.variable), client, context, over.signal))
    return {
      variables: Object.fromEntries(paths),
      async close() {
        over.abort()
        await Promise.all(loops)
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

/** In the session's runtime directory, which goes with the session; outside of one that can be written, in the temporary one. */
function makeDirectory(environment: Context['environment']): string {
  const runtime = environment.PWB_SESSION_RUNTIME_DIR || environment.BENCHKEY_SESSION_RUNTIME_DIR
  const parents = [...(runtime ? [runtime] : []), environment.TMPDIR || tmpdir()]
  let failure: unknown
  for (const parent of parents) {
    try {
      return mkdtempSync(join(parent, 'benchkey-tokens-'))
    } catch (error) {
      failure = error
    }
  }
  throw new CliError(`No directory for the token files can be made in ${parents.join(' or ')}.`, {
    action: 'Check that one of them is there, can be written and has space left.',
    cause: failure,
  })
}

function replace(path: string, token: string): void {
  const next = `${path}.next`
  rmSync(next, { force: true })
  writeFileSync(next, token, { mode: 0o600, flag: 'wx' })
  renameSync(next, path)
}

/** Asks again and again until it is over. A token that cannot be renewed stays where it is: it may work for a while. */
async function keepFresh(
  { uid, displayName, token }: TokenFile,
  path: string,
  client: Pick<Client, 'token'>,
  context: Pick<Context, 'errors' | 'sleep'>,
  over: AbortSignal,
): Promise<void> {
  let current = token
  let told = ''
  while (await waited(context, pauseMs(current), over)) {
    try {
      const next = await client.token(uid, { signal: over })
      if (next.accessToken !== current.accessToken) replace(path, next.accessToken)
      current = next
      told = ''
    } catch (error) {
      if (over.aborted) return
      const { words, code, action } = reasonOf(error)
      if (told !== code) say(context, `The file with the token of ${displayName} could not be renewed: ${words}`, action)
      if (code === 'session_ended') return
      told = code
    }
  }
}

function reasonOf(error: unknown): { words: string; code: string; action?: string | undefined } {
  if (error instanceof BenchkeyError) return { words: error.explanation, code: error.code, action: error.action }
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return { words: `it cannot be written (${code}).`, code, action: 'Check that the disk has space left.' }
}

/** A quarter of the remaining life of a short one, so that the server's own early renewal is seen in time. */
function pauseMs({ expiresAt }: AccessToken): number {
  if (!expiresAt) return LOOK_EVERY_MS
  return Math.max(LEAST_PAUSE_MS, Math.min(LOOK_EVERY_MS, (expiresAt.getTime() - Date.now()) / 4))
}
