import { once } from 'node:events'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Leaf } from './certificates.ts'

/** What a proxy does with a request, in place of passing it on. */
export type ProxyBehaviour = (socket: Socket, head: string) => void

/** How the scripted proxy starts. */
export interface ScriptedProxyOptions {
  /** Its certificate; without it it is reached in the clear. */
  readonly tls?: Leaf
  /** Hosts by the name that is asked for; others are looked up as they are. */
  readonly hosts?: Readonly<Record<string, string>>
}

/** A running HTTP proxy for CONNECT whose behaviour a test scripts. */
export interface ScriptedProxy {
  readonly port: number
  /** Heads of all requests, in order. */
  readonly heads: readonly string[]
  /** TCP connections that are open now. */
  readonly open: number
  /** What it does from now on; undefined: it passes requests on. */
  behave(behaviour: ProxyBehaviour | undefined): void
  close(): Promise<void>
}

/** Answers with these bytes and leaves the connection open. */
export function answers(bytes: string): ProxyBehaviour {
  return (socket) => void socket.write(bytes)
}

/** Starts a proxy on loopback; close it after the test. */
export async function startScriptedProxy({ tls, hosts = {} }: ScriptedProxyOptions = {}): Promise<ScriptedProxy> {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  let behaviour: ProxyBehaviour | undefined
  const kept = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
  }
  const serve = (client: Socket): void => {
    client.once('data', (bytes: Buffer) => {
      const head = bytes.toString('latin1')
      heads.push(head)
      if (behaviour) return behaviour(client, head)
      const [, host = '', port = ''] = /^CONNECT (\S+):([0-9]+) /.exec(head) ?? []
      const upstream = kept(connect(Number(port), hosts[host] ?? host.replace(/^\[(.*)\]$/, '$1')))
      upstream.once('connect', () => {
        client.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 scripted\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      upstream.once('close', () => client.destroy())
      client.once('close', () => upstream.destroy())
    })
  }
  const server = tls
    ? createTlsServer({ cert: tls.certificate, key: tls.key }, serve)
    : createTcpServer((socket) => serve(kept(socket)))
  if (tls) server.on('connection', kept).on('tlsClientError', () => undefined)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heads,
    get open() {
      return sockets.size
    },
    behave: (next) => {
      behaviour = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
