import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where the tests keep what `ide install` has put together: outside of the checkout, for it takes minutes, and for root where other
 * accounts reach it.
 */
export function testIdeFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || (process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache'))
  return join(cache, 'benchkey-tests/ide')
}
