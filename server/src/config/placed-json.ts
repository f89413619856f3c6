/** A value of a text and where it starts; line and column from 1. */
export interface Placed {
  readonly line: number
  readonly column: number
  readonly value: string | number | boolean | null | readonly Placed[] | ReadonlyMap<string, Placed>
}

/** The place where a text stops being JSON; the message never repeats the text. */
export class JsonTrouble extends Error {
  override readonly name = 'JsonTrouble'
  readonly line: number
  readonly column: number

  constructor(message: string, place: { readonly line: number; readonly column: number }) {
    super(message)
    this.line = place.line
    this.column = place.column
  }
}

/**
 * Reads JSON, or the same values as Python's `print` shows them (single quotes, True, False, None). Throws JsonTrouble.
 * RFC 8259; Python Language Reference §2.4.1.
 */
export function parsePlacedJson(text: string): Placed {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

/** Deeper than any list of integrations. */
const DEEPEST = 64

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
])

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** How many hexadecimal digits follow: JSON's `\u`, Python's `\x` and `\U`. */
const HEX_ESCAPES: Readonly<Record<string, number>> = { u: 4, x: 2, U: 8 }

class Reader {
  readonly #text: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): Placed {
    this.#skipBlanks()
    const place = this.#place()
    const first = this.#text[this.#at]
    if (depth > DEEPEST) throw this.#trouble('the lists are nested too deep')
    if (first === '[') return { ...place, value: this.#list(depth) }
    if (first === '{') return { ...place, value: this.#members(depth) }
    if (first === '"' || first === "'") return { ...place, value: this.#string(first) }
    return { ...place, value: this.#wordOrNumber() }
  }

  end(): void {
    this.#skipBlanks()
    if (this.#at < this.#text.length) throw this.#trouble('something follows the list, and nothing may')
  }

  #list(depth: number): readonly Placed[] {
    const items: Placed[] = []
    this.#at += 1
    if (this.#takes(']')) return items
    do items.push(this.value(depth + 1))
    while (this.#takes(','))
    this.#expect(']', 'a comma or ] is expected')
    return items
  }

  #members(depth: number): ReadonlyMap<string, Placed> {
    const members = new Map<string, Placed>()
    this.#at += 1
    if (this.#takes('}')) return members
    do {
      this.#skipBlanks()
      const quote = this.#text[this.#at]
      if (quote !== '"' && quote !== "'") throw this.#trouble('a name in quotes is expected')
      const place = this.#place()
      const name = this.#string(quote)
      if (members.has(name)) throw new JsonTrouble('this name stands twice in its object', place)
      this.#expect(':', 'a colon is expected')
      members.set(name, this.value(depth + 1))
    } while (this.#takes(','))
    this.#expect('}', 'a comma or } is expected')
    return members
  }

  #string(quote: string): string {
    const start = this.#place()
    let text = ''
    this.#at += 1
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined || character === '\n') throw new JsonTrouble('the text that starts here has no end', start)
      this.#at += 1
      if (character === quote) return text
      text += character === '\\' ? this.#escaped() : character
    }
  }

  #escaped(): string {
    const kind = this.#text[this.#at] ?? ''
    const plain = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined
    const count = Object.hasOwn(HEX_ESCAPES, kind) ? HEX_ESCAPES[kind] : undefined
    if (plain !== undefined) {
      this.#at += 1
      return plain
    }
    const digits = count === undefined ? '' : this.#text.slice(this.#at + 1, this.#at + 1 + count)
    const code = /^[0-9a-fA-F]+$/.test(digits) && digits.length === count ? Number.parseInt(digits, 16) : Number.NaN
    if (!(code <= 0x10ffff)) throw this.#trouble('the backslash before this stands for nothing')
    this.#at += 1 + digits.length
    return String.fromCodePoint(code)
  }

  #wordOrNumber(): number | boolean | null {
    const [word = ''] = /^[\w.+-]*/.exec(this.#text.slice(this.#at, this.#at + 64)) ?? []
    const known = WORDS.get(word)
    if (known === undefined && !/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(word)) {
      throw this.#trouble(this.#at >= this.#text.length ? 'the file ends too early' : 'a value is expected')
    }
    this.#at += word.length
    return known === undefined ? Number(word) : known
  }

  #takes(mark: string): boolean {
    this.#skipBlanks()
    if (this.#text[this.#at] !== mark) return false
    this.#at += 1
    return true
  }

  #expect(mark: string, words: string): void {
    if (this.#takes(mark)) return
    throw this.#trouble(this.#at >= this.#text.length ? 'the file ends too early' : words)
  }

  #skipBlanks(): void {
    for (; ' \t\r\n'.includes(this.#text[this.#at] ?? 'x'); this.#at += 1) {
      if (this.#text[this.#at] !== '\n') continue
      this.#line += 1
      this.#lineStart = this.#at + 1
    }
  }

  #place(): { line: number; column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #trouble(words: string): JsonTrouble {
    return new JsonTrouble(words, this.#place())
  }
}
