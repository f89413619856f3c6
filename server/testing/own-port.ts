import { randomInt } from 'node:crypto'
import { createServer, type ListenOptions } from 'node:net'

/** Below the ports that Linux gives to connections and to whoever asks for any: net.ipv4.ip_local_port_range begins at 32768. */
const [FIRST, COUNT] = [20_000, 12_000]

/**
 * A port of 127.0.0.1 for a program that listens on it later. Until this process ends, no other test of this machine is given the same
 * one, and no connection takes it.
 */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = FIRST + randomInt(COUNT)
    // The name of an abstract socket, which goes with the process: whoever holds it has the port.
    if (!(await listens({ path: `\0benchkey-test-port-${port}` }, 'kept'))) continue
    if (await listens({ port, host: '127.0.0.1' }, 'closed')) return port
  }
}

function listens(where: ListenOptions, afterwards: 'kept' | 'closed'): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(where, () => {
      server.unref()
      if (afterwards === 'kept') resolve(true)
      else server.close(() => resolve(true))
    })
  })
}
