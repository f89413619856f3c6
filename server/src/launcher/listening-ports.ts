import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** `st` of proc_net_tcp(5). */
const LISTEN = '0A'

/** uid of whoever listens on the port of 127.0.0.1, or of all addresses; undefined when nobody does. */
export async function listenerOf(port: number): Promise<number | undefined> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const places = new Set([`0100007F:${wanted}`, `00000000:${wanted}`])
  const table = await readFile('/proc/net/tcp', 'utf8')
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/)
    if (state === LISTEN && places.has(local)) return Number(uid)
  }
  return undefined
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
