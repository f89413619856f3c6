import { spawn } from '@lydell/node-pty'
import type { Shell } from './shells.ts'

/** So much of what was printed is kept for a page that is loaded again. */
const KEPT_BYTES = 512 * 1024
/** Output a page may be behind with until the program that prints has to wait, and until it may go on. */
const MOST_BEHIND_BYTES = 512 * 1024
const LEAST_BEHIND_BYTES = 128 * 1024
/** A shell that ignores the end of its terminal for so long is killed. */
const PATIENCE_MS = 3_000

/** Size of a terminal in characters. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Who sees what a shell prints. */
export interface Viewer {
  output(bytes: Buffer): void
}

/** A shell on a terminal of its own, from its start to its end. */
export class RunningShell {
  readonly shell: Shell
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  readonly #terminal: ReturnType<typeof spawn>
  readonly #kept: Buffer[] = []
  #keptBytes = 0
  #viewer: Viewer | undefined
  #behind = 0
  #isWaiting = false

  constructor(
    shell: Shell,
    place: { readonly size: Size; readonly folder: string; readonly environment: Record<string, string> },
  ) {
    this.shell = shell
    const [program, ...rest] = shell.words
    const { columns: cols, rows } = place.size
    this.#terminal = spawn(program, rest, {
      ...{ name: 'xterm-256color', cols, rows, cwd: place.folder, encoding: null },
      env: { ...place.environment, COLORTERM: 'truecolor' },
    })
    // With encoding null the data are bytes, whatever the declaration says.
    this.#terminal.onData((data: string | Buffer) => this.#print(Buffer.from(data)))
    this.ended = new Promise((resolve) => this.#terminal.onExit(() => resolve()))
  }

  /** What it printed lately, from the start of a line on where something is missing before. */
  get printed(): Buffer {
    return Buffer.concat(this.#kept)
  }

  /** From now on its output goes there, and to nobody else; without a viewer it prints on. */
  show(viewer: Viewer | undefined): void {
    this.#viewer = viewer
    this.#behind = 0
    this.#goOn()
  }

  type(text: string): void {
    this.#terminal.write(text)
  }

  resize({ columns, rows }: Size): void {
    this.#terminal.resize(columns, rows)
  }

  /** The viewer has drawn so many bytes more. */
  drawn(bytes: number): void {
    this.#behind = Math.max(0, this.#behind - bytes)
    if (this.#behind <= LEAST_BEHIND_BYTES) this.#goOn()
  }

  /** Hangs up, as when a terminal is closed; resolves when it has ended. */
  async hangUp(): Promise<void> {
    this.#goOn()
    this.#terminal.kill('SIGHUP')
    const impatience = setTimeout(() => this.#terminal.kill('SIGKILL'), PATIENCE_MS)
    await this.ended
    clearTimeout(impatience)
  }

  #print(bytes: Buffer): void {
    this.#keep(bytes)
    if (!this.#viewer) return
    this.#behind += bytes.length
    if (this.#behind > MOST_BEHIND_BYTES && !this.#isWaiting) {
      this.#isWaiting = true
      this.#terminal.pause()
    }
    this.#viewer.output(bytes)
  }

  #goOn(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#terminal.resume()
  }

  #keep(bytes: Buffer): void {
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    if (this.#keptBytes <= KEPT_BYTES) return
    while (this.#kept.length > 1 && this.#keptBytes > KEPT_BYTES) this.#keptBytes -= this.#kept.shift()?.length ?? 0
    const first = this.#kept[0] ?? Buffer.alloc(0)
    const rest = first.subarray(first.indexOf('\n') + 1)
    this.#kept[0] = rest
    this.#keptBytes -= first.length - rest.length
  }
}
