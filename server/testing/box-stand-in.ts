import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One upload as it came. */
export interface SeenUpload {
  readonly name: string
  readonly folder: string
  readonly content: string
}

/** An API with folders and files, as Box has it: two calls, bearer tokens, pages of two items. */
export interface BoxStandIn {
  readonly url: string
  /** The tokens that came, in order. */
  readonly tokens: string[]
  readonly uploads: SeenUpload[]
  close(): Promise<void>
}

const ITEMS = [
  { type: 'folder', name: 'reports', size: 0 },
  { type: 'file', name: 'year 2026.csv', size: 1204 },
  { type: 'file', name: 'größe.txt', size: 7 },
]
const PAGE_LENGTH = 2

/** What a program prints that lists the folder `0`. */
export const LISTING = ITEMS.map(({ type, name, size }) => `${type} ${name} ${size}\n`).join('')

/** Starts the API on a free loopback port; it takes any token and notes it. */
export async function startBoxStandIn(): Promise<BoxStandIn> {
  const seen = { tokens: [] as string[], uploads: [] as SeenUpload[] }
  const server = createServer((request, response) => {
    answer(request, response, seen).catch((error: Error) => response.destroy(error))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...seen,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: Pick<BoxStandIn, 'tokens' | 'uploads'>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://box')
  const body = Buffer.concat(await request.toArray())
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined) seen.tokens.push(token)
  if (token === undefined) return reply(response, 401, { code: 'unauthorized' })
  if (request.method === 'GET' && url.pathname === '/folders/0/items') return reply(response, 200, pageOf(url.searchParams))
  if (request.method === 'POST' && url.pathname === '/files/content') {
    seen.uploads.push(await uploadIn(request.headers['content-type'] ?? '', body))
    return reply(response, 201, { total_count: 1 })
  }
  return reply(response, 404, { code: 'not_found' })
}

function pageOf(query: URLSearchParams): object {
  const from = Number(query.get('marker') || 0)
  const next = from + PAGE_LENGTH
  return { entries: ITEMS.slice(from, next), ...(next < ITEMS.length ? { next_marker: String(next) } : {}) }
}

async function uploadIn(contentType: string, body: Buffer): Promise<SeenUpload> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  const attributes = JSON.parse(String(form.get('attributes'))) as { name: string; parent: { id: string } }
  const file = form.get('file')
  if (file === null || typeof file === 'string') throw new Error('The upload holds no file.')
  return { name: attributes.name, folder: attributes.parent.id, content: await file.text() }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
