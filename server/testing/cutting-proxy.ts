import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** When a connection is cut: with a commit on its way there, or with its answer on the way back. */
export type Cut = 'before the commit' | 'after the commit'

/** A way to PostgreSQL, without TLS, that can be cut where it hurts. */
export interface CuttingProxy {
  readonly port: number
  /** Cuts the connection of the next COMMIT. */
  cutNextCommit(cut: Cut): void
  /** Cuts the connection of whatever is sent next: a single statement commits by itself. */
  cutNextStatement(cut: Cut): void
  /** How often it has cut so far. */
  readonly cuts: number
  close(): Promise<void>
}

/** The message Query with this text, as node-postgres sends it. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const COMMIT = Buffer.concat([Buffer.from('Q'), Buffer.from([0, 0, 0, 11]), Buffer.from('COMMIT\0')])

/** Starts a proxy on loopback in front of a PostgreSQL's port; close it after the test. */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let next: { readonly cut: Cut; readonly needle: Buffer } | undefined
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    const cut = (): void => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    let cutsAnswer = false
    client.on('data', (bytes) => {
      if (next === undefined || !bytes.includes(next.needle)) {
        upstream.write(bytes)
        return
      }
      cuts += 1
      cutsAnswer = next.cut === 'after the commit'
      next = undefined
      if (cutsAnswer) upstream.write(bytes)
      else cut()
    })
    upstream.on('data', (bytes) => {
      if (cutsAnswer) cut()
      else client.write(bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutNextCommit: (cut) => {
      next = { cut, needle: COMMIT }
    },
    cutNextStatement: (cut) => {
      next = { cut, needle: Buffer.of() }
    },
    get cuts() {
      return cuts
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
