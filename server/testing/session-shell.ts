import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { BENCHKEY, type Finished, type Running, startProcess } from './command-line.ts'
import type { ServerFiles } from './start-server.ts'

/** A shell inside a session, as a person at a terminal uses it. */
export interface SessionShell extends Running {
  /** Types one line and waits for its end. */
  ask(line: string): Promise<Finished>
  /** Types `exit`, with the code the shell is to end with. */
  exit(code?: number): Promise<Finished>
}

/** How a shell is opened: `executable` are the words that run `benchkey`, of the checkout by default. */
export interface ShellOptions {
  readonly user?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly executable?: readonly string[]
  readonly cwd?: string
}

/** Opens a shell with `benchkey session run`; its answers come when the session is there. */
export function openShell(files: Pick<ServerFiles, 'dataDir'>, options: ShellOptions = {}): SessionShell {
  const { user, environment = {}, executable = BENCHKEY, cwd = '/' } = options
  const words = [...executable, 'session', 'run', ...(user === undefined ? [] : ['--user', user]), '--', 'sh']
  const running = startProcess(words, { BENCHKEY_DATA_DIR: files.dataDir, ...environment }, { input: null, cwd })
  const { child, finished } = running
  const output = new Answers()
  child.stdout?.on('data', (text: string) => output.add(text))
  void finished.then(({ code, stderr }) => output.end(new Error(`The session ended with ${code}: ${stderr}`)))
  return {
    ...running,
    ask: async (line) => {
      const mark = randomUUID()
      // stderr travels the same way, so that nothing of it can come later than the mark.
      const errors = join('"$PWB_SESSION_RUNTIME_DIR"', mark)
      child.stdin?.write(
        `{ ${line}\n} 2>${errors}; printf '%s' "${mark} $? "; cat ${errors}; rm -f ${errors}; printf '%s' ${mark}\n`,
      )
      const [stdout = '', rest = ''] = await output.until(mark)
      const [, code = '', stderr = ''] = /^ (\d+) ([\s\S]*)$/.exec(rest) ?? []
      return { code: Number(code), stdout, stderr }
    },
    exit: (code = 0) => {
      child.stdin?.end(`exit ${code}\n`)
      return finished
    },
  }
}

/** What was written so far, cut at marks that come twice: before the exit code and after the complaints. */
class Answers {
  #text = ''
  #failure: Error | undefined
  #wake: () => void = () => undefined

  add(text: string): void {
    this.#text += text
    this.#wake()
  }

  end(failure: Error): void {
    this.#failure = failure
    this.#wake()
  }

  async until(mark: string): Promise<readonly string[]> {
    for (;;) {
      const parts = this.#text.split(mark)
      if (parts.length === 3) {
        this.#text = parts[2] ?? ''
        return parts
      }
      if (this.#failure) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
