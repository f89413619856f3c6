import type { TerminalMessage, TerminalRequest } from '@benchkey/sdk/pages'
import { RunningShell, type Size, type Viewer } from './running-shell.ts'
import type { Shell } from './shells.ts'

/** A page that looks at the terminal. */
export interface TerminalPage extends Viewer {
  tell(message: TerminalMessage): void
  /** It looks no longer. */
  close(): void
}

/** What a terminal runs and where. */
export interface TerminalPlan {
  readonly title: string
  /** At least one; the first is started by itself. */
  readonly shells: readonly Shell[]
  readonly folder: string
  readonly environment: Record<string, string>
}

/** One terminal with one shell at a time, and one page at most that looks at it: the last that came. */
export class Terminal {
  readonly #plan: TerminalPlan
  #size: Size = { columns: 80, rows: 24 }
  #page: TerminalPage | undefined
  #shell: RunningShell | undefined
  /** The one that runs, or ran last. */
  #shellId: string
  #isRunning = false
  /** Starts wait for each other: two at once would leave a shell that nobody sees. */
  #starting: Promise<void> = Promise.resolve()

  constructor(plan: TerminalPlan) {
    this.#plan = plan
    this.#shellId = plan.shells[0]?.id ?? ''
  }

  /** Shows the terminal to a page, with what was printed before, and to no other from now on. */
  attach(page: TerminalPage): void {
    this.#page?.tell({ type: 'taken' })
    this.#page?.close()
    this.#page = page
    this.#tellState()
    const printed = this.#shell?.printed ?? Buffer.alloc(0)
    page.tell({ type: 'replay', bytes: printed.length })
    if (printed.length > 0) page.output(printed)
    this.#shell?.show(page)
    if (!this.#shell) this.#start(this.#shellId)
  }

  detach(page: TerminalPage): void {
    if (this.#page !== page) return
    this.#page = undefined
    this.#shell?.show(undefined)
  }

  /** Does what a page asks, unless another one has taken its place. */
  answer(page: TerminalPage, request: TerminalRequest): void {
    if (this.#page !== page) return
    if (request.type === 'start') this.#start(request.shell)
    else if (request.type === 'size') this.#resize(request)
    else if (!this.#isRunning) return
    else if (request.type === 'input') this.#shell?.type(request.text)
    else this.#shell?.drawn(request.bytes)
  }

  /** Ends the shell and lets the page go. */
  async close(): Promise<void> {
    await this.#starting
    this.#page?.close()
    if (this.#isRunning) await this.#shell?.hangUp()
  }

  #start(id: string): void {
    const shell = this.#plan.shells.find((each) => each.id === id)
    if (!shell) return
    this.#starting = this.#starting.then(async () => {
      if (this.#isRunning) await this.#shell?.hangUp()
      this.#shellId = id
      this.#page?.tell({ type: 'replay', bytes: 0 })
      try {
        const running = new RunningShell(shell, { ...this.#plan, size: this.#size })
        this.#shell = running
        this.#isRunning = true
        running.show(this.#page)
        void running.ended.then(() => this.#hasEnded(running))
      } catch (error) {
        this.#isRunning = false
        const why = error instanceof Error ? error.message : String(error)
        this.#page?.output(Buffer.from(`${shell.label} cannot be started: ${why}\r\n`))
      }
      this.#tellState()
    })
  }

  #hasEnded(shell: RunningShell): void {
    if (this.#shell !== shell) return
    this.#isRunning = false
    this.#tellState()
  }

  #resize(size: Size): void {
    this.#size = size
    if (this.#isRunning) this.#shell?.resize(size)
  }

  #tellState(): void {
    const { title, shells } = this.#plan
    const offered = shells.map(({ id, label }) => ({ id, label }))
    this.#page?.tell({ type: 'state', title, shells: offered, shell: this.#shellId, isRunning: this.#isRunning })
  }
}
