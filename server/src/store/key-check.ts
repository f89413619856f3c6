import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Cipher } from './encryption.ts'
import { KEY_RING_FILE, loadKeyRing } from './key-ring.ts'
import { checkSentinels } from './keys.ts'

/**
 * Whether the key ring on the disk, not the one in memory, would open the database at the next start. Throws SetupError, in one
 * sentence, when it would not; makes nothing.
 */
export function checkKeyRing(
  where: { readonly dataDir: string; readonly uid: number },
  sentinels: readonly { readonly kid: string; readonly sentinel: string }[],
): void {
  const file = join(where.dataDir, KEY_RING_FILE)
  const ring = loadKeyRing(file, { uid: where.uid, mayCreate: false, randomBytes })
  checkSentinels(new Cipher(ring, randomBytes), sentinels, file)
}
