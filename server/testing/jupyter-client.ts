import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'

/** A notebook's page as far as it talks: HTTP and WebSocket to a Jupyter server, with a browser's cookies and origin. */
export class JupyterClient {
  readonly #url: string
  readonly #origin: string
  #cookies = ''

  /** `url`: of the server's pages, with a slash at the end. */
  constructor(url: string, origin = new URL(url).origin) {
    this.#url = url
    this.#origin = origin
  }

  /** Loads the first page, which sets the cookie that later requests have to repeat; its status. */
  async open(page = 'tree'): Promise<number> {
    const reply = await fetch(`${this.#url}${page}`, { headers: { origin: this.#origin } })
    await reply.arrayBuffer()
    this.#cookies = reply.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ')
    return reply.status
  }

  /** Starts a kernel; its ID, or the status that refused it. */
  async startKernel(name: string): Promise<string | number> {
    const xsrf = /_xsrf=([^;]+)/.exec(this.#cookies)?.[1] ?? ''
    const headers = { ...this.#headers(), 'content-type': 'application/json', 'x-xsrftoken': xsrf }
    const reply = await fetch(`${this.#url}api/kernels`, { method: 'POST', headers, body: JSON.stringify({ name }) })
    if (reply.status !== 201) return reply.status
    return ((await reply.json()) as { id: string }).id
  }

  /** Runs code in a kernel and resolves to what it wrote, errors too. */
  run(kernel: string, code: string): Promise<string> {
    const address = `${this.#url.replace(/^http/, 'ws')}api/kernels/${kernel}/channels`
    const socket = new WebSocket(address, { headers: this.#headers() })
    const id = randomUUID()
    let output = ''
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)))
      socket.on('open', () => socket.send(JSON.stringify(executeRequest(id, code))))
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as KernelMessage
        if (message.parent_header.msg_id !== id) return
        output += message.content.text ?? message.content.traceback?.join('\n') ?? ''
        if (message.msg_type !== 'status' || message.content.execution_state !== 'idle') return
        socket.close()
        resolve(output)
      })
    })
  }

  #headers(): Record<string, string> {
    return { origin: this.#origin, cookie: this.#cookies }
  }
}

interface KernelMessage {
  readonly msg_type: string
  readonly parent_header: { readonly msg_id?: string }
  readonly content: { readonly text?: string; readonly traceback?: readonly string[]; readonly execution_state?: string }
}

function executeRequest(id: string, code: string) {
  return {
    header: {
      msg_id: id,
      msg_type: 'execute_request',
      session: id,
      username: '',
      date: new Date().toISOString(),
      version: '5.3',
    },
    ...{ parent_header: {}, metadata: {}, buffers: [], channel: 'shell' },
    content: { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false, stop_on_error: true },
  }
}
