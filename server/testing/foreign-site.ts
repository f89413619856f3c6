import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ServerFiles } from './start-server.ts'

/** A web site of the attacker's on loopback. */
export interface ForeignSite {
  readonly origin: string
  /** What its one page holds. */
  page: string
  close(): Promise<void>
}

/** http://127.0.0.1:PORT: to a browser another site than Benchkey's https://localhost. */
export function startCrossSite(): Promise<ForeignSite> {
  return start(createHttpServer(), 'http://127.0.0.1')
}

/** https://localhost:PORT: to a browser the same site as Benchkey, whose cookies it therefore sends, but another origin. */
export function startSameSite(files: Pick<ServerFiles, 'dir'>): Promise<ForeignSite> {
  const read = (name: string): Buffer => readFileSync(join(files.dir, 'certificates', name))
  return start(createHttpsServer({ cert: read('server.pem'), key: read('server-key.pem') }), 'https://localhost')
}

async function start(server: Server, hostUrl: string): Promise<ForeignSite> {
  // Whoever sends on a connection in the moment in which it is closed for being idle is answered nothing.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const site: ForeignSite = {
    origin: `${hostUrl}:${(server.address() as AddressInfo).port}`,
    page: '',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  server.on('request', (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><title>Cats</title>${site.page}`)
  })
  return site
}
