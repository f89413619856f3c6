import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A way to a program on a Unix socket for a browser: the barest of proxies, which takes the place of the session proxy. */
export interface SocketFront {
  /** Of the program's pages, with a slash at the end. */
  readonly url: string
  /** Cuts all WebSockets, as a network that goes away. */
  cut(): void
  close(): Promise<void>
}

/** Serves a socket below a path of a free port of localhost; `basePath` as in `sessions.conf`. */
export async function frontOfSocket(socketPath: string, basePath: 'strip' | 'keep', path = '/s/t/'): Promise<SocketFront> {
  const open = new Set<Duplex>()
  const pathOf = ({ url = '/' }: IncomingMessage): string =>
    basePath === 'keep' || !url.startsWith(path) ? url : url.slice(path.length - 1)
  const server = createServer((incoming, response) => {
    const options = { socketPath, path: pathOf(incoming), method: incoming.method, headers: incoming.headers, agent: false }
    const outgoing = request(options, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    outgoing.on('error', () => response.writeHead(502).end())
    incoming.pipe(outgoing)
  })
  // Whoever sends on a connection in the moment in which it is closed for being idle is answered nothing.
  server.keepAliveTimeout = 0
  server.on('upgrade', (incoming: IncomingMessage, browser: Duplex, head: Buffer) => {
    const program = connect(socketPath)
    for (const end of [browser, program]) {
      open.add(end)
      end.on('error', () => undefined) // The other end tells by closing.
      end.on('close', () => open.delete(end))
    }
    const lines = incoming.rawHeaders.reduce((text, each, at) => text + each + (at % 2 === 0 ? ': ' : '\r\n'), '')
    program.write(`${incoming.method} ${pathOf(incoming)} HTTP/1.1\r\n${lines}\r\n`)
    program.write(head)
    program.pipe(browser).pipe(program)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  const cut = (): void => {
    for (const end of open) end.destroy()
  }
  return {
    url: `http://localhost:${port}${path}`,
    cut,
    close: async () => {
      cut()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
