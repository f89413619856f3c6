import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { ADMIN_SOCKET_NAME, type AdminSessionOpened } from '../src/domain/admin-api.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')
const BIN = join(CHECKOUT, 'server/src/bin.ts')

/** The words that run this checkout's command line, on the node that runs the tests. */
export const BENCHKEY: readonly string[] = [process.execPath, BIN]

/** Compiled code, where the checkout's `./benchkey` has it: a start takes a third of the processor. `bin.ts` hands it to nobody. */
const COMPILED = { NODE_COMPILE_CACHE: join(CHECKOUT, 'node_modules/.cache/benchkey') }

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command line that is running. */
export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

/** Starts `benchkey` as a process of its own, with these variables beside PATH and HOME and nothing else but Node's cache. */
export function startBenchkey(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  options: { readonly input?: string; readonly cwd?: string } = {},
): Running {
  return startProcess([...BENCHKEY, ...args], environment, options)
}

/** Starts any program and gathers what it writes; `input: null` leaves its stdin open. Benchkey's own finds its code compiled. */
export function startProcess(
  [program = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { input, ...options }: { readonly input?: string | null } & SpawnOptions = {},
): Running {
  const own = [program, ...args].some((word) => word.includes(BIN)) ? COMPILED : {}
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...own, ...environment }
  const child = spawn(program, args, { ...options, env, stdio: 'pipe' })
  const texts = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    texts.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text
  })
  child.stdin?.on('error', () => undefined) // A command that ends early leaves its input unread.
  if (input !== null) child.stdin?.end(input ?? '')
  const finished = new Promise<Finished>((done, failed) => {
    child.on('error', failed)
    child.on('close', (code) => done({ code, ...texts }))
  })
  return { child, finished }
}

/** Runs `benchkey` to its end. */
export function runBenchkey(...started: Parameters<typeof startBenchkey>): Promise<Finished> {
  return startBenchkey(...started).finished
}

/** One request a fake server saw. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly cookie: string | undefined
  readonly body: unknown
}

/** What a fake server answers; a string is sent as it is. */
export interface FakeReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A server that a test plays by hand. */
export interface FakeServer {
  readonly seen: SeenRequest[]
  /** https://localhost:PORT, or the socket's path. */
  readonly address: string
  close(): Promise<void>
}

type Play = (request: SeenRequest) => FakeReply | Promise<FakeReply>

/** A session RPC over TLS on a free loopback port. */
export async function fakeRpc(leaf: { certificate: string; key: string }, play: Play): Promise<FakeServer> {
  const seen: SeenRequest[] = []
  const server = createHttpsServer({ cert: leaf.certificate, key: leaf.key }, listener(seen, play))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = `https://localhost:${(server.address() as AddressInfo).port}`
  return { seen, address, close: () => closed(server) }
}

/** An admin socket in a data directory. */
export function fakeAdminSocket(dataDir: string, play: Play): Promise<FakeServer> {
  return fakeOnSocket(join(dataDir, ADMIN_SOCKET_NAME), play)
}

/** Something that answers on a Unix socket. */
export async function fakeOnSocket(address: string, play: Play): Promise<FakeServer> {
  const seen: SeenRequest[] = []
  const server = createHttpServer(listener(seen, play))
  await new Promise<void>((done) => server.listen(address, done))
  return { seen, address, close: () => closed(server) }
}

/** Closes a fake when the running test is over. */
export async function untilTestEnds(starting: Promise<FakeServer>): Promise<FakeServer> {
  const server = await starting
  onTestFinished(() => server.close())
  return server
}

function closed(server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>): Promise<void> {
  server.closeAllConnections()
  return new Promise((done) => server.close(() => done()))
}

function listener(seen: SeenRequest[], play: Play): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(request, response, seen, play).catch((error: Error) => response.destroy(error))
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, seen: SeenRequest[], play: Play): Promise<void> {
  const text = (await request.setEncoding('utf8').toArray()).join('')
  const cookie = request.headers['x-rs-session-server-rpc-cookie']
  const record: SeenRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    cookie: Array.isArray(cookie) ? cookie.join() : cookie,
    body: text === '' ? undefined : JSON.parse(text),
  }
  seen.push(record)
  const { status = 200, headers = {}, body } = await play(record)
  const sent = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent), ...headers })
  response.end(sent)
}

/** What an admin socket answers to `POST /sessions`, with the facts a test cares for. */
export function openedSession(facts: Partial<AdminSessionOpened> = {}): AdminSessionOpened {
  return {
    session: {
      ...{ id: 's-1', userId: 'u-1', userName: 'ada', name: 'sh', kind: 'command', state: 'running' },
      startedAt: '2026-11-23T12:00:00.000Z',
    },
    cookie: 'user-id=ada|Tue%2C%2024%20Nov%202026%2012%3A00%3A00%20GMT|first',
    environment: { POSIT_PRODUCT: 'WORKBENCH', RS_SERVER_ADDRESS: 'https://localhost:1', RSTUDIO_VERSION: '2026.01.0' },
    ...facts,
  }
}
