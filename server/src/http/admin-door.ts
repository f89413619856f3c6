import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Broker } from '../broker/broker.ts'
import { isDatabaseAway } from '../broker/database-away.ts'
import type { AdminError } from '../domain/admin-api.ts'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import { type AdminStatusFacts, adminRoutes } from './admin-routes.ts'
import { Refusal, reportUnknown, statusOf, tellable } from './failures.ts'
import type { HttpLog } from './log.ts'
import { collectBody } from './request-body.ts'
import { claimSocketPath, closeServer, listenOnSocket } from './unix-socket.ts'

/** The admin door: JSON over a Unix socket of mode 0600, for the command line on the server's own host. */
export interface AdminDoor {
  /** Rejects with SetupError when another server listens there or the path cannot be used. */
  listen(): Promise<void>
  close(): Promise<void>
}

/** Builds the admin door (shapes: domain/admin-api.ts). Who may open the socket is an administrator: its mode is the check. */
export function createAdminDoor(parts: {
  broker: Broker
  options: AdminStatusFacts & { adminSocketPath: string }
  log: HttpLog
  effects: Effects
}): AdminDoor {
  const { broker, options, log, effects } = parts
  const routes = adminRoutes(broker, options)
  const server = createServer((request, response) => {
    const left = new AbortController()
    response.once('close', () => left.abort())
    answer(request, routes, left.signal).then(
      (reply) => send(response, 200, reply),
      (error: unknown) => {
        const refusal = refusalOf(error, log, effects)
        const body: AdminError = { error: { code: refusal.code, message: refusal.message } }
        send(response, refusal.status, body)
      },
    )
  })
  const path = options.adminSocketPath
  const place = {
    path,
    mode: 0o600,
    name: 'admin socket',
    remedy: 'Check the data directory.',
    taken: `Another Benchkey server runs on this data directory: it answers on ${path}. Stop it first.`,
  }
  return {
    async listen() {
      await claimSocketPath(place)
      await listenOnSocket(server, place)
    },
    close: () => closeServer(server),
  }
}

async function answer(request: IncomingMessage, routes: ReturnType<typeof adminRoutes>, left: AbortSignal): Promise<object> {
  const body = await readJson(request)
  const [path = '', query] = (request.url ?? '').split('?', 2)
  const segments = path.split('/').slice(1).map(decodeSegment)
  for (const route of routes) {
    const parameter = match(route.path, segments)
    if (route.method === request.method && parameter !== undefined)
      return route.answer(body, parameter, new URLSearchParams(query), left)
  }
  throw new Refusal(
    404,
    'not_found',
    'The server does not know this command. The command line and the server may differ in version.',
  )
}

/** The one variable segment of a path, `''` when it has none; undefined when the path is another one. */
function match(pattern: string, segments: readonly string[]): string | undefined {
  const wanted = pattern.split('/').slice(1)
  if (wanted.length !== segments.length) return undefined
  let parameter = ''
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith(':')) parameter = segment
    else if (part !== segment) return undefined
  }
  return parameter
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Refusal(400, 'bad_request', 'The path of this request is not percent-encoded text.')
  }
}

function readJson(request: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    collectBody(request, (body) => {
      if (body === undefined) return reject(new Refusal(413, 'bad_request', 'The body of this request is larger than 64 KiB.'))
      if (body.length === 0) return resolve({})
      try {
        resolve(JSON.parse(body.toString()))
      } catch {
        reject(new Refusal(400, 'bad_request', 'The body of this request is not JSON.'))
      }
    })
  })
}

function refusalOf(error: unknown, log: HttpLog, effects: Effects): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof SetupError) return new Refusal(409, 'configuration_error', error.message)
  // Administrators read the store's own words.
  if (isDatabaseAway(error)) {
    log.warn({ where: 'admin', code: error.code }, `A command could not be answered: ${error.message}`)
    return new Refusal(503, 'database_unavailable', error.message)
  }
  const told = tellable(error, 'admin', log)
  if (told) return new Refusal(statusOf(told), told.code, told.message)
  return new Refusal(500, 'internal', reportUnknown(error, 'admin', log, effects))
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  })
  response.end(text)
}
