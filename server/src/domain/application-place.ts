/** open(2): only the place in the file system, whatever it is; Node has no name for it. */
export const O_PATH = 0o10000000

/** `st` of proc_net_tcp(5). */
const LISTEN = '0A'

/** In the text of /proc/net/tcp: uid of whoever listens on the port of 127.0.0.1, or of all addresses; undefined when nobody does. */
export function listenerIn(table: string, port: number): number | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const places = new Set([`0100007F:${wanted}`, `00000000:${wanted}`])
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/)
    if (state === LISTEN && places.has(local)) return Number(uid)
  }
  return undefined
}
