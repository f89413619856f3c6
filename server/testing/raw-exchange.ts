import { connect, type TLSSocket } from 'node:tls'
import type { ServerFiles } from './start-server.ts'

/** A reply as its bytes say it. */
export interface ExchangedReply {
  readonly status: number
  readonly reason: string
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A TLS connection to the server, on which bytes are sent as they are. */
export interface RawConnection {
  /** Sends the bytes and reads one reply of a known length. */
  exchange(bytes: string): Promise<ExchangedReply>
  close(): void
}

/** Opens a TLS connection, verified by the server's own authority. */
export async function openRawConnection(files: Pick<ServerFiles, 'ca' | 'port'>): Promise<RawConnection> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const opened = connect({ host: '127.0.0.1', port: files.port, ca: files.ca, servername: 'localhost' }, () => resolve(opened))
    opened.once('error', reject)
  })
  const received = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest = Buffer.alloc(0)
  const more = async (): Promise<void> => {
    const { value, done } = await received.next()
    if (done) throw new Error(`The connection ended after ${JSON.stringify(rest.toString())}.`)
    rest = Buffer.concat([rest, value])
  }
  return {
    exchange: async (bytes) => {
      socket.write(bytes)
      while (!rest.includes('\r\n\r\n')) await more()
      const end = rest.indexOf('\r\n\r\n')
      const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
      const headers = new Map(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: */, '')]),
      )
      const length = Number(headers.get('content-length'))
      while (rest.length < end + 4 + length) await more()
      const body = rest.subarray(end + 4, end + 4 + length).toString()
      rest = rest.subarray(end + 4 + length)
      const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first) ?? []
      return { status: Number(status), reason, headers, body }
    },
    close: () => socket.destroy(),
  }
}
