import type { Server } from 'node:http'
import type { Server as NetServer } from 'node:net'
import type { FromProxy, ProxySettings, ToProxy } from '../domain/session-proxy.ts'
import { Exchanges } from './exchanges.ts'
import { createProxyListener, renewIdentity } from './listener.ts'
import { ServerLink } from './server-link.ts'
import { SessionProxy } from './session-proxy.ts'

// The process that stands between browsers and sessions. It is started by the server under an account of its own, with an empty
// environment, and knows what the server tells it over their channel; it ends with that channel.

/** How often it is looked which sessions are used, in milliseconds. */
const TELL_ACTIVE_MS = 1_000
/** Another node may have logged somebody out; what is open here is asked for again. */
const LOOK_AGAIN_MS = 10_000

// With a listener of ours, SIGUSR1 does not open Node's inspector.
process.on('SIGUSR1', () => undefined)
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
process.on('disconnect', () => process.exit(0))

const link = new ServerLink(tell)
let server: Server | undefined
let proxy: SessionProxy | undefined
let looking: 'no' | 'once' | 'again' = 'no'

process.on('message', (message: ToProxy, handle: unknown) => {
  if (message.kind === 'start') start(message.settings, handle as NetServer)
  else if (message.kind === 'tls') server && renewIdentity(server, message.tls)
  else if (message.kind === 'look_again') lookAgain()
  else link.receive(message)
})

function start(settings: ProxySettings, handle: NetServer): void {
  const exchanges = new Exchanges()
  proxy = new SessionProxy({ settings, link, exchanges })
  server = createProxyListener(settings, proxy, report)
  if (settings.isBehindServer) listenBehindServer(server, handle)
  else server.listen(handle, () => tell({ kind: 'ready' }))
  setInterval(() => {
    const sessionIds = exchanges.takeActive(performance.now())
    if (sessionIds.length > 0) tell({ kind: 'active', sessionIds })
  }, TELL_ACTIVE_MS)
  setInterval(lookAgain, LOOK_AGAIN_MS)
}

/** Node takes over a listening port as a whole, of a Unix socket the connections only. */
function listenBehindServer(listener: Server, handle: NetServer): void {
  handle.on('connection', (socket) => listener.emit('connection', socket))
  tell({ kind: 'ready' })
}

/** One look at a time, and one more when something changed meanwhile. */
function lookAgain(): void {
  if (!proxy) return
  if (looking !== 'no') {
    looking = 'again'
    return
  }
  looking = 'once'
  proxy
    .lookAgain()
    .catch(report)
    .finally(() => {
      const isDue = looking === 'again'
      looking = 'no'
      if (isDue) lookAgain()
    })
}

function tell(message: FromProxy): void {
  if (process.connected) process.send?.(message)
}

/** The words of an error may repeat what a session or a browser sent; its name, code and place do not. */
function report(failure: unknown): void {
  const place = failure instanceof Error ? (/([\w-]+\.[jt]s:\d+)/.exec(failure.stack ?? '')?.[1] ?? '') : ''
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
  const name = failure instanceof Error ? failure.name : typeof failure
  tell({ kind: 'failed', failure: [name, code, place].filter((part) => part !== '').join(' ') })
}

/** What state it is in nobody knows any more: the server starts another one. */
function fail(failure: unknown): void {
  report(failure)
  setImmediate(() => process.exit(1))
}
