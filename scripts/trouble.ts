/** What stops a script: one plain sentence for the person at the terminal, and the exit code. */
export class Trouble extends Error {
  override readonly name = 'Trouble'
  readonly exitCode: number

  constructor(sentence: string, exitCode = 1) {
    super(sentence)
    this.exitCode = exitCode
  }
}

/** Turns an error of the file system or a socket into the one sentence for it; undefined when it is none of those. */
function explainSystemError(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException
  const where = path === undefined ? 'the checkout' : path
  if (code === 'ENOSPC' || code === 'EDQUOT') return `The disk is full: free some space for ${where} and try again.`
  if (code === 'EACCES' || code === 'EPERM') return `No permission to write ${where}: run this as the owner of the checkout.`
  if (code === 'EROFS') return `${where} lies on a read-only file system: use a checkout that can be written.`
  return undefined
}

/** Says on stderr what is being done now; stdout belongs to the result. */
export function step(words: string): void {
  process.stderr.write(`${words}\n`)
}

/**
 * Runs a script's main function and ends the process with the code it answers: what it left open must not keep it alive.
 * Trouble and known system errors become one sentence. `last` is written to stdout after everything else.
 */
export async function runScript(main: () => Promise<number>, last: () => string = () => ''): Promise<never> {
  let exitCode = 1
  try {
    exitCode = await main()
  } catch (error) {
    const sentence = error instanceof Trouble ? error.message : explainSystemError(error)
    process.stderr.write(`${sentence ?? (error instanceof Error ? error.stack : String(error))}\n`)
    if (error instanceof Trouble) exitCode = error.exitCode
  }
  process.stdout.write(last())
  process.exit(exitCode)
}

/** The sentence for a system error that a tool printed in its own words; undefined when its output names none. */
export function explainOutput(output: string): string | undefined {
  const code = /\b(ENOSPC|EDQUOT|EACCES|EPERM|EROFS)\b/.exec(output)?.[1]
  return code === undefined ? undefined : explainSystemError({ code })
}
