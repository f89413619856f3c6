import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Trouble } from './trouble.ts'

/** A program to run beside this one. */
export interface ChildOptions {
  /** As a person would call it. */
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Takes its stderr; written anew at each start, mode 0600. */
  readonly logFile: string
  /** The line on its stdout that says it is ready. */
  readonly ready: RegExp
}

/** A program that is ready. */
export interface Started {
  readonly pid: number
  /** What the first group of the ready pattern held, or the whole line. */
  readonly ready: string
}

interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
}

/** The programs a script has started: all of them end with it. */
export class Children {
  readonly #running: Running[] = []
  readonly #patienceMs: number
  readonly #unexpected = Promise.withResolvers<string>()
  #stopping = false

  /** `patienceMs`: how long a program may take to end before it is killed. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
    this.#unexpected.promise.catch(() => undefined)
  }

  /** Resolves with the name of the first program that ended although nobody asked it to. */
  get unexpected(): Promise<string> {
    return this.#unexpected.promise
  }

  /** Starts a program and waits for its ready line; throws Trouble when it ends before, with its words above. */
  async start(options: ChildOptions): Promise<Started> {
    if (this.#stopping) throw new Trouble('Stopped while starting.')
    const log = openSync(options.logFile, 'w', 0o600)
    const [program, ...args] = options.command
    // The pipe on its stdin closes when this process is gone: a program may take that as the sign to end.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', log] })
    closeSync(log)
    const ended = new Promise<number>((answer, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => answer(this.#noteEnd(options.name, code, signal)))
    })
    this.#running.push({ process: child, ended })
    const early = await Promise.race([readyLine(child.stdout, options.ready), ended])
    if (typeof early !== 'number') return { pid: child.pid ?? 0, ready: early }
    if (this.#stopping) throw new Trouble('Stopped while starting.')
    this.#stopping = true
    process.stderr.write(readFileSync(options.logFile, 'utf8'))
    throw new Trouble(`${options.name} ended before it was ready; its own words are above.`, early || 1)
  }

  /** Ends all of them, the last one started first. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const { process: child, ended } of this.#running.toReversed()) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), this.#patienceMs)
      await ended
      clearTimeout(timer)
    }
  }

  #noteEnd(name: string, code: number | null, signal: NodeJS.Signals | null): number {
    // Ctrl-C in a terminal reaches every program, and one may be gone before this process has seen it.
    if (!this.#stopping && signal !== 'SIGINT') this.#unexpected.resolve(name)
    return code ?? 1
  }
}

function readyLine(stdout: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  return new Promise((answer) => {
    if (!stdout) return
    // Lines after the ready line are read too, or the pipe would fill and the program stand still.
    createInterface({ input: stdout }).on('line', (line) => {
      const match = pattern.exec(line)
      if (match) answer(match[1] ?? line)
    })
  })
}
