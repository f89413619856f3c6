import { randomBytes } from 'node:crypto'

/** One secret that a test lets through the server. */
interface Canary {
  readonly kind: string
  readonly value: string
}

/** Secrets by kind, and the search for them wherever they must not be. */
export class Canaries {
  readonly #canaries: Canary[] = []

  /** A new secret: short and with characters that are spelt differently everywhere, so that no filter for long runs saves it. */
  make(kind: string, decoration = ''): string {
    return this.add(kind, `${decoration}${randomBytes(6).toString('hex')}`)
  }

  /** A secret that the server or a test has made. */
  add(kind: string, value: string): string {
    if (value.length < 8) throw new Error(`a ${kind} of ${value.length} characters would be found anywhere`)
    this.#canaries.push({ kind, value })
    return value
  }

  /** All kinds there are. */
  get kinds(): ReadonlySet<string> {
    return new Set(this.#canaries.map(({ kind }) => kind))
  }

  /** The kinds found in the bytes, in any usual spelling. */
  foundIn(bytes: string | Buffer): readonly string[] {
    const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
    const found = this.#canaries.filter(({ value }) => spellings(value).some((spelling) => text.includes(spelling)))
    return [...new Set(found.map(({ kind }) => kind))].sort()
  }
}

function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8')
  const percent = encodeURIComponent(value)
  const form = new URLSearchParams({ v: value }).toString().slice(2)
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
  const json = JSON.stringify(value).slice(1, -1)
  const all = [value, percent, form, lower(percent), lower(form), json, bytes.toString('hex')]
  return [...new Set([...all, bytes.toString('base64'), bytes.toString('base64url'), ...inOtherBase64(bytes)])]
}

/** As it looks inside the base64 of a longer text, after one or two other bytes; the ends depend on the neighbours. */
function inOtherBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return encoded.slice(shift === 0 ? 0 : shift + 1, -1)
  })
}
