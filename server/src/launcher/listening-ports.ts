import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { listenerIn } from '../domain/application-place.ts'

/** uid of whoever listens on the port of 127.0.0.1, or of all addresses; undefined when nobody does. */
export async function listenerOf(port: number): Promise<number | undefined> {
  return listenerIn(await readFile('/proc/net/tcp', 'latin1'), port)
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function findFreePort(): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
