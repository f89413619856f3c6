import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TerminalMessage, TerminalRequest } from '@benchkey/sdk/pages'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Shell } from './shells.ts'
import { serveTerminal } from './terminal-server.ts'

const ROOT = join(import.meta.dirname, '../../..')
const HOST = 'sessions.example:8443'
const SHELLS: readonly Shell[] = [
  { id: 'bash', label: 'bash', words: ['/bin/bash', '--norc', '--noprofile'] },
  { id: 'cat', label: 'cat', words: ['/bin/cat'] },
  { id: 'gone', label: 'gone', words: ['/no/such/shell'] },
]
let folder = ''
let socketPath = ''
let close: () => Promise<void>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-terminal-'))
  socketPath = join(folder, 'app.sock')
  writeFileSync(socketPath, 'left over from an earlier one')
  close = await serve()
})
afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true })
})

function serve(): Promise<() => Promise<void>> {
  const environment = { PATH: '/usr/bin:/bin', HOME: folder, PS1: '$ ', MARK: 'from the session' }
  const plan = { title: 'analysis', shells: SHELLS, folder, environment }
  return serveTerminal(plan, { socketPath, pageFolder: join(ROOT, 'web/terminal/dist') })
}

/** A page of the terminal, as a browser would be one. */
class PlayedPage {
  readonly messages: TerminalMessage[] = []
  output = ''
  closed = -1
  readonly socket: WebSocket
  /** Whether output is told to be drawn at once. */
  draws = true

  constructor(headers: Record<string, string> = { host: HOST, origin: `https://${HOST}` }) {
    this.socket = new WebSocket(`ws+unix:${socketPath}:/ws`, { headers })
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.output += String(data)
        if (this.draws) this.send({ type: 'drawn', bytes: (data as Buffer).length })
      } else this.messages.push(JSON.parse(String(data)) as TerminalMessage)
    })
    this.socket.on('close', (code) => {
      this.closed = code
    })
  }

  send(message: TerminalRequest | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message))
  }

  type(text: string): void {
    this.send({ type: 'input', text })
  }

  get state(): Extract<TerminalMessage, { type: 'state' }> | undefined {
    return this.messages.findLast((each) => each.type === 'state')
  }

  async shows(text: string | RegExp): Promise<void> {
    await expect.poll(() => this.output).toMatch(text)
  }

  /** Until what runs has made a file. */
  async made(name: string): Promise<void> {
    await expect.poll(() => existsSync(join(folder, name))).toBe(true)
  }

  async isRunning(value = true): Promise<void> {
    await expect.poll(() => this.state?.isRunning).toBe(value)
  }

  async isClosed(): Promise<number> {
    await expect.poll(() => this.closed).not.toBe(-1)
    return this.closed
  }
}

async function openPage(): Promise<PlayedPage> {
  const page = new PlayedPage()
  await page.isRunning()
  return page
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string
}

function get(path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method }, async (response) => {
      let body = ''
      for await (const piece of response) body += piece
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
      .on('error', reject)
      .end()
  })
}

describe('the socket of a terminal', () => {
  test('takes the place of an old one, is open to the group and to nobody else', () => {
    expect(statSync(socketPath).isSocket()).toBe(true)
    expect(statSync(socketPath).mode & 0o777).toBe(0o660)
  })

  test('goes when the terminal is closed, and the shell with it', async () => {
    const page = await openPage()
    page.type('trap "" HUP; echo pid=$$\n')
    await page.shows(/pid=\d+\r/)
    const pid = /pid=(\d+)\r/.exec(page.output)?.[1]
    await close()
    expect([existsSync(socketPath), existsSync(`/proc/${pid}`)]).toEqual([false, false])
    expect(await page.isClosed()).not.toBe(-1)
    close = async () => undefined
  })
})

describe('the page of a terminal', () => {
  test('has a strict policy with a nonce of its own, and no script in it', async () => {
    const [first, second] = [await get('/'), await get('/?x=1')]
    const policy = String(first.headers['content-security-policy'])
    const nonce = /'nonce-([\w-]{22})'/.exec(policy)?.[1] ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w-]{22}';/)
    expect(policy).not.toMatch(/unsafe|data:|\*/)
    expect(first.body).toContain(`<meta property="csp-nonce" nonce="${nonce}">`)
    expect(first.body).not.toMatch(/BENCHKEY_NONCE|<script(?![^>]*src=)|<style| style=/)
    expect(second.body).not.toContain(nonce)
    expect(first.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  })

  test('brings its files, below any path, and nothing else', async () => {
    const { body } = await get('/')
    const paths = [...body.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(paths.map((path) => path.replace(/^.*\./, ''))).toEqual(['svg', 'js', 'css'])
    for (const path of paths) expect((await get(path)).status).toBe(200)
    for (const path of ['/assets/', '/assets/../index.html', '/assets/..%2findex.html', '/x', '/ws', '*', '//']) {
      expect([path, (await get(path)).status]).toEqual([path, 404])
    }
    expect((await get('/', 'POST')).status).toBe(405)
    expect(await get('/', 'HEAD')).toMatchObject({ status: 200, body: '' })
  })
})

describe('a terminal', () => {
  test('runs the first shell, in the home directory, with the variables of the session', async () => {
    const page = await openPage()
    expect(page.state).toEqual({
      type: 'state',
      title: 'analysis',
      shells: SHELLS.map(({ id, label }) => ({ id, label })),
      shell: 'bash',
      isRunning: true,
    })
    page.type('echo "<$PWD|$MARK|$TERM|$COLORTERM|$(tty | cut -c1-9)>"\n')
    await page.shows(`<${folder}|from the session|xterm-256color|truecolor|/dev/pts/>`)
  })

  test('has the size of the page', async () => {
    const page = await openPage()
    page.send({ type: 'size', columns: 101, rows: 33 })
    page.type('stty size\n')
    await page.shows('33 101')
  })

  test('is found again by a page that is loaded again, with what was printed, and goes on without a page', async () => {
    const page = await openPage()
    page.type('x=kept; touch ready; until [ -e go ]; do sleep 0.05; done; echo "printed "later; touch after\n')
    await page.made('ready')
    page.socket.close()
    await page.isClosed()
    writeFileSync(join(folder, 'go'), '')
    await page.made('after')
    const again = await openPage()
    await again.shows('printed later')
    again.type('echo "still $x"\n')
    await again.shows('still kept')
    const replay = again.messages.find((each) => each.type === 'replay')
    expect(replay?.bytes).toBeGreaterThan(0)
  })

  test('belongs to the page that came last; the one before is told and let go', async () => {
    const first = await openPage()
    const second = await openPage()
    expect(await first.isClosed()).toBe(1001)
    expect(first.messages.at(-1)).toEqual({ type: 'taken' })
    second.type('echo for "the second"\n')
    await second.shows('for the second')
    expect(first.output).not.toContain('for the second')
  })

  test('says that the shell ended, and starts it again when asked', async () => {
    const page = await openPage()
    page.type('exit 3\n')
    await page.isRunning(false)
    page.type('echo lost\n')
    page.send({ type: 'size', columns: 90, rows: 30 })
    page.send({ type: 'start', shell: 'bash' })
    await page.isRunning()
    page.type('echo "again $(stty size)"\n')
    await page.shows('again 30 90')
    expect(page.output).not.toContain('lost')
  })

  test('ends one shell for another', async () => {
    const page = await openPage()
    page.type('echo pid=$$\n')
    await page.shows(/pid=\d+\r/)
    const pid = /pid=(\d+)\r/.exec(page.output)?.[1]
    page.send({ type: 'start', shell: 'cat' })
    await expect.poll(() => page.state?.shell).toBe('cat')
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    page.type('said twice\n')
    await page.shows(/said twice\r\nsaid twice/)
  })

  test('of a shell that cannot be started says so and can start another', async () => {
    const page = await openPage()
    page.send({ type: 'start', shell: 'gone' })
    await page.isRunning(false)
    page.send({ type: 'start', shell: 'unknown' })
    page.send({ type: 'start', shell: 'cat' })
    await page.isRunning()
    expect(page.state?.shell).toBe('cat')
  })

  test('keeps half a megabyte of what was printed, from the start of a line', async () => {
    const page = await openPage()
    page.type('seq -f "line %.0f of many" 1 60000; echo th"e end"\n')
    await page.shows('the end')
    const again = await openPage()
    await again.shows('the end')
    expect(again.output.length).toBeLessThanOrEqual(512 * 1024)
    expect(again.output.length).toBeGreaterThan(400 * 1024)
    expect(again.output).toMatch(/^line \d+ of many\r\n/)
  })

  test('stops the program that prints while the page does not draw, and lets it go on afterwards', async () => {
    const page = await openPage()
    page.draws = false
    page.type('seq 1 1000000; touch done\n')
    await expect.poll(() => page.output.length).toBeGreaterThan(512 * 1024)
    // What is on the way already still comes; then nothing, until the page draws.
    const growth = async (): Promise<number> => {
      const before = page.output.length
      page.socket.ping()
      await once(page.socket, 'pong')
      return page.output.length - before
    }
    await expect.poll(growth, { interval: 200 }).toBe(0)
    expect(page.output.length).toBeLessThan(1024 * 1024)
    expect(existsSync(join(folder, 'done'))).toBe(false)
    page.draws = true
    page.send({ type: 'drawn', bytes: page.output.length })
    await page.made('done')
  })
})

describe('the WebSocket of a terminal', () => {
  test.each([
    { what: 'of another site', headers: { host: HOST, origin: 'https://evil.example' } },
    { what: 'of another port of the host', headers: { host: HOST, origin: 'https://sessions.example' } },
    { what: 'of a page without an origin', headers: { host: HOST, origin: 'null' } },
    { what: 'without an origin', headers: { host: HOST } },
  ])('is refused to a page $what', async ({ headers }) => {
    const page = new PlayedPage(headers)
    const refusal = await new Promise<string>((resolve) => page.socket.on('error', ({ message }) => resolve(message)))
    expect(refusal).toContain('403')
    expect(page.messages).toEqual([])
  })

  test.each([
    ['no JSON', 'x'],
    ['no object', '1'],
    ['an unknown request', '{"type":"run"}'],
    ['input that is no text', '{"type":"input","text":1}'],
    ['a size of nothing', '{"type":"size","columns":0,"rows":0}'],
    ['a size of a house', '{"type":"size","columns":100000,"rows":2}'],
    ['a size that is no number', '{"type":"size","columns":"80","rows":24}'],
    ['a negative count', '{"type":"drawn","bytes":-1}'],
    ['bytes', Buffer.from('ls\n')],
  ])('is closed after %s', async (_what, message) => {
    const page = await openPage()
    page.socket.send(message)
    expect(await page.isClosed()).toBe(1002)
  })

  test('takes no message above 128 KiB, and the terminal lives on', async () => {
    const page = await openPage()
    page.type('x'.repeat(128 * 1024))
    expect(await page.isClosed()).toBe(1009)
    await openPage()
  })
})

test('a terminal whose folder is not there says so', async () => {
  const plan = { title: 'x', shells: SHELLS, folder, environment: {} }
  const place = { socketPath: join(folder, 'no/such/folder.sock'), pageFolder: join(ROOT, 'web/terminal/dist') }
  await expect(serveTerminal(plan, place)).rejects.toThrow(/EACCES|ENOENT/)
})
