import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** A terminal session in a tab of a browser. */
export class TerminalTab {
  readonly #tab: Page

  constructor(tab: Page) {
    this.#tab = tab
  }

  /** Until the screen shows this; lines that are wrapped are joined. */
  async shows(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.#screen(), { timeout: 30_000 }).toMatch(pattern)
  }

  /** Types lines into an empty screen and waits until `find` finds in what it shows. */
  async say<T>(lines: string, find: (screen: string) => T | undefined): Promise<T> {
    for (const line of lines.split('\n')) {
      await this.#tab.keyboard.insertText(line)
      await this.#tab.keyboard.press('Enter')
    }
    await expect.poll(async () => find(await this.#screen()), { timeout: 30_000 }).toBeDefined()
    return find(await this.#screen()) as T
  }

  /** Chooses another program in the menu. */
  async start(label: string, prompt: RegExp): Promise<void> {
    await this.#tab.getByRole('combobox', { name: 'Shell' }).selectOption(label)
    await this.#tab.getByRole('button', { name: `Start ${label}` }).click()
    await this.shows(prompt)
  }

  async #screen(): Promise<string> {
    return (await this.#tab.locator('.xterm-rows > div').allTextContents()).join('')
  }
}

/** Runs code in a new kernel of a notebook server, from within its page, as a notebook there does; resolves to what it wrote. */
export async function runInKernel(tab: Page, kernel: string, code: string): Promise<string> {
  return await tab.evaluate(`(${IN_PAGE})(${JSON.stringify(kernel)}, ${JSON.stringify(code)})`)
}

/** Runs in the page, below the session's own path. */
const IN_PAGE = `async (name, code) => {
  const xsrf = /_xsrf=([^;]+)/.exec(document.cookie)?.[1] ?? ''
  const base = new URL(document.body.dataset.baseUrl, location.href)
  const headers = { 'content-type': 'application/json', 'x-xsrftoken': xsrf }
  const reply = await fetch(new URL('api/kernels', base), { method: 'POST', headers, body: JSON.stringify({ name }) })
  if (reply.status !== 201) throw new Error('The start of a kernel answered ' + reply.status)
  const { id } = await reply.json()
  const address = new URL('api/kernels/' + id + '/channels', base)
  address.protocol = 'wss:'
  const socket = new WebSocket(address)
  const header = { msg_id: id, msg_type: 'execute_request', session: id, username: '', date: new Date().toISOString(), version: '5.3' }
  const content = { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false }
  let output = ''
  await new Promise((done, failed) => {
    socket.onclose = () => failed(new Error('The kernel hung up.'))
    socket.onopen = () => socket.send(JSON.stringify({ header, content, parent_header: {}, metadata: {}, buffers: [], channel: 'shell' }))
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      if (message.parent_header.msg_id !== id) return
      output += message.content.text ?? message.content.traceback?.join('\\n') ?? ''
      if (message.msg_type === 'status' && message.content.execution_state === 'idle') done()
    }
  })
  socket.onclose = null
  socket.close()
  return output
}`
