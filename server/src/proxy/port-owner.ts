import { readFileSync } from 'node:fs'
import { listenerIn } from '../domain/application-place.ts'

/**
 * uid of whoever listens on a port of 127.0.0.1, or of all addresses; undefined when nobody does. A port that an application has left
 * is anybody's: whoever takes it would be sent the secret that the proxy shows, and what a browser says.
 */
export function listenerOf(port: number): number | undefined {
  return listenerIn(readFileSync('/proc/net/tcp', 'latin1'), port)
}
