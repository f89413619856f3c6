import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Cost of a password hash. RFC 7914: N = 2^log2N, block size r, parallelism p. */
export interface ScryptCost {
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/** OWASP's first choice for scrypt (128 MiB and about 0.3 s a hash). */
const COST: ScryptCost = { log2N: 17, r: 8, p: 1 }

/** What a stored hash may ask for at the most, so that a row cannot exhaust the memory: 2 GiB. */
const HIGHEST_LOG2N = 20
const HIGHEST_R = 16
const HIGHEST_P = 16

const SALT_BYTES = 16
const HASH_BYTES = 32

const SHORTEST_PASSWORD = 8

/** In UTF-8. A longer one only costs time. */
const LONGEST_PASSWORD_BYTES = 1024

/** Why a name cannot be a user name, as a sentence; undefined when it can. */
export function userNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9._@-]{1,64}$/.test(name) && !name.startsWith('-')) return undefined
  return 'A user name has 1 to 64 characters of A-Z, a-z, 0-9 and . _ @ -, and does not start with a hyphen.'
}

/** Why a text cannot be a password, as a sentence; undefined when it can. */
export function passwordProblem(password: string): string | undefined {
  const normal = password.normalize('NFC')
  if ([...normal].length < SHORTEST_PASSWORD) return `A password has at least ${SHORTEST_PASSWORD} characters.`
  if (isTooLong(normal)) return `A password has at most ${LONGEST_PASSWORD_BYTES} bytes.`
  return undefined
}

/** Local accounts: passwords hashed with scrypt (RFC 7914), in a text that carries its own parameters so that they can grow. */
export class LocalAccounts {
  readonly #cost: ScryptCost
  readonly #ofNobody: string

  constructor(cost: ScryptCost = COST) {
    this.#cost = cost
    this.#ofNobody = encode({ cost, salt: randomBytes(SALT_BYTES), key: randomBytes(HASH_BYTES) })
  }

  /** The text to store for a password: `scrypt$ln=17,r=8,p=1$<salt>$<hash>`, base64url. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES)
    return encode({ cost: this.#cost, salt, key: await derive(password, salt, this.#cost) })
  }

  /**
   * Whether the password belongs to the stored text; compared in constant time. Without a stored text (nobody has that name)
   * it works as long and answers false, so that time does not tell names.
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    if (isTooLong(password.normalize('NFC'))) return false
    const { cost, salt, key } = decode(stored ?? this.#ofNobody)
    const derived = await derive(password, salt, cost)
    return timingSafeEqual(derived, key) && stored !== undefined
  }
}

interface Encoded {
  readonly cost: ScryptCost
  readonly salt: Buffer
  readonly key: Buffer
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(password, 'utf8') > LONGEST_PASSWORD_BYTES
}

function derive(password: string, salt: Buffer, { log2N, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** log2N
  const maxmem = 128 * r * (N + p + 2)
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, { N, r, p, maxmem }, (failure, key) => {
      if (failure) reject(failure)
      else resolve(key)
    })
  })
}

function encode({ cost, salt, key }: Encoded): string {
  const parameters = `ln=${cost.log2N},r=${cost.r},p=${cost.p}`
  return ['scrypt', parameters, salt.toString('base64url'), key.toString('base64url')].join('$')
}

function decode(text: string): Encoded {
  const match = /^scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]{43})$/.exec(text)
  const [, log2N, r, p, salt = '', key = ''] = match ?? []
  const cost = { log2N: Number(log2N), r: Number(r), p: Number(p) }
  const fits = cost.log2N >= 1 && cost.log2N <= HIGHEST_LOG2N && inRange(cost.r, HIGHEST_R) && inRange(cost.p, HIGHEST_P)
  if (!match || !fits) throw new Error('a stored password hash is damaged: set the password anew')
  return { cost, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
}

const inRange = (value: number, highest: number): boolean => value >= 1 && value <= highest
