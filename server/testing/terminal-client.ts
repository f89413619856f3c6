import type { TerminalMessage, TerminalRequest } from '@benchkey/sdk/pages'
import { expect } from 'vitest'
import { WebSocket } from 'ws'

/** A terminal's page as far as it talks: what is typed goes to the shell, what it prints is kept. */
export class TerminalClient {
  readonly #socket: WebSocket
  #output = ''
  #state: Extract<TerminalMessage, { type: 'state' }> | undefined

  /** `url`: of the terminal's page, with a slash at the end; `headers`: what a browser would send besides its origin. */
  constructor(url: string, options: { readonly headers?: Record<string, string>; readonly ca?: string } = {}) {
    const { origin } = new URL(url)
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}ws`, { origin, ...options })
    this.#socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.#output += String(data)
        this.#send({ type: 'drawn', bytes: data.length })
        return
      }
      const message = JSON.parse(String(data)) as TerminalMessage
      if (message.type === 'state') this.#state = message
      if (message.type === 'replay') this.#output = ''
    })
  }

  get shells(): readonly string[] {
    return this.#state?.shells.map(({ label }) => label) ?? []
  }

  /** Until a shell runs. */
  async ready(): Promise<void> {
    await expect.poll(() => this.#state?.isRunning).toBe(true)
  }

  /** Ends the shell for another one and waits for its prompt. */
  async start(shell: string, prompt: RegExp): Promise<void> {
    this.#send({ type: 'start', shell })
    await expect.poll(() => this.#state?.shell).toBe(shell)
    await expect.poll(() => this.#output).toMatch(prompt)
  }

  /** Types lines and waits until `find` finds in what is printed from then on. */
  async say<T>(lines: string, find: (output: string) => T | undefined): Promise<T> {
    this.#output = ''
    this.#send({ type: 'input', text: `${lines.replaceAll('\n', '\r')}\r` })
    await expect.poll(() => find(this.#output), { timeout: 30_000 }).toBeDefined()
    return find(this.#output) as T
  }

  close(): void {
    this.#socket.close()
  }

  #send(request: TerminalRequest): void {
    this.#socket.send(JSON.stringify(request))
  }
}
