import { readFileSync } from 'node:fs'

/** `st` of proc_net_tcp(5). */
const LISTEN = '0A'

/**
 * uid of whoever listens on a port of 127.0.0.1, or of all addresses; undefined when nobody does. A port that an application has left
 * is anybody's: whoever takes it would be sent the secret that the proxy shows, and what a browser says.
 */
export function listenerOf(port: number): number | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const places = new Set([`0100007F:${wanted}`, `00000000:${wanted}`])
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/)
    if (state === LISTEN && places.has(local)) return Number(uid)
  }
  return undefined
}
