import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'
import { StoreError } from './store.ts'

/** Where a ciphertext lives. It opens nowhere else: all of this is authenticated with it. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly userId: string
  readonly integrationId: string
  readonly rowId: string
  readonly generation: number
}

const VERSION = 'v1'
const SALT_BYTES = 16
/** NIST SP 800-38D §8.2: 96 bits is GCM's own size. The key is new for every value, so an IV is never used twice. */
const IV_BYTES = 12
/** Without it Node accepts tags from 4 bytes on. */
const TAG_BYTES = 16
const KEY_BYTES = 32

/** Seals and opens values: `v1.<kid>.<salt>.<iv>.<ciphertext>.<tag>`, AES-256-GCM under a key of its own per value (RFC 5869). */
export class Cipher {
  readonly #ring: KeyRing
  readonly #randomBytes: (size: number) => Uint8Array

  constructor(ring: KeyRing, randomBytes: (size: number) => Uint8Array) {
    this.#ring = ring
    this.#randomBytes = randomBytes
  }

  /** The key new values are sealed under. */
  get primaryKid(): string {
    return this.#ring.primaryKid
  }

  /** Names of all keys at hand, the primary first. */
  get kids(): readonly string[] {
    return [...this.#ring.keys.keys()]
  }

  /** Encrypts for one place, under the primary key or the named one. */
  seal(plaintext: string, place: Place, kid: string = this.primaryKid): string {
    const salt = this.#randomBytes(SALT_BYTES)
    const iv = this.#randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#derive(kid, salt), iv, { authTagLength: TAG_BYTES })
    cipher.setAAD(authenticated(kid, place))
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
    return [VERSION, kid, ...[salt, iv, ciphertext, cipher.getAuthTag()].map(encode)].join('.')
  }

  /** Decrypts what was sealed for exactly this place. Throws StoreError `unreadable` otherwise. */
  open(sealed: string, place: Place): string {
    const [version, kid, ...encoded] = sealed.split('.')
    const [salt, iv, ciphertext, tag] = encoded.map(decode)
    if (version !== VERSION || !kid || encoded.length !== 4 || !salt || !iv || !ciphertext || !tag) throw unreadable(place)
    if (salt.length !== SALT_BYTES || iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw unreadable(place)
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#derive(kid, salt), iv, { authTagLength: TAG_BYTES })
      decipher.setAAD(authenticated(kid, place))
      decipher.setAuthTag(tag)
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
    } catch (error) {
      throw unreadable(place, error)
    }
  }

  #derive(kid: string, salt: Uint8Array): KeyObject {
    const key = this.#ring.keys.get(kid)
    if (!key) throw new Error(`the key ring holds no key ${kid}`)
    return createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, 'benchkey v1 value', KEY_BYTES)))
  }
}

/** Each part with its length before it: no two places read the same. */
function authenticated(kid: string, place: Place): Buffer {
  const parts = [
    VERSION,
    kid,
    place.table,
    place.column,
    place.userId,
    place.integrationId,
    place.rowId,
    String(place.generation),
  ].map((part) => Buffer.from(part, 'utf8'))
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** Undefined unless it is exactly what `encode` writes: one value has one spelling. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function unreadable(place: Place, cause?: unknown): StoreError {
  return new StoreError(
    'unreadable',
    `${place.table}.${place.column} of row ${place.rowId} cannot be decrypted: it was changed, or belongs to another key, row or generation.`,
    cause,
  )
}
