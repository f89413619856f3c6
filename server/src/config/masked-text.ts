import { hash } from 'node:crypto'
import { structuredPatch } from 'diff'
import { type IniLine, parseIni } from './ini.ts'
import { OAUTH_CLIENT_OPTIONS } from './oauth-clients-options.ts'
import { isHidden } from './option-form.ts'

/** What stands where a secret is not shown. */
export const NOT_SHOWN = '(not shown)'
/** What stands for a secret that another one takes the place of. */
const CHANGED = '(changed)'

/** A line of a diff, without any secret. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap'
  readonly text: string
  /** Of the old file, and of the new one, from 1. */
  readonly oldLine?: number
  readonly newLine?: number
}

/** Unchanged lines around a change. */
const CONTEXT_LINES = 3

/** Names of options by the header of their section. */
export type OptionNames = ReadonlyMap<string, ReadonlySet<string>>

/**
 * The difference between two files of sections, as administrators read it. Empty: they are the same. `typed`: options of `after`
 * that count as changed whether they are or not, so that nobody learns from it whether a secret was guessed.
 */
export function maskedDiff(before: Uint8Array, after: Uint8Array, typed: OptionNames = new Map()): readonly DiffLine[] {
  const [old, fresh] = [parseIni(before).lines, parseIni(after).lines]
  const patch = structuredPatch('', '', textOf(old), textOf(fresh, typed), undefined, undefined, { context: CONTEXT_LINES })
  const lines: DiffLine[] = []
  let end = 0
  for (const hunk of patch.hunks) {
    let [oldLine, newLine] = [hunk.oldStart, hunk.newStart]
    if (oldLine - 1 > end) lines.push(gap(oldLine - 1 - end))
    for (const mark of hunk.lines.map((line) => line.charAt(0))) {
      if (mark === '+') lines.push({ kind: 'added', text: readable(masked(fresh[newLine - 1], CHANGED)), newLine: newLine++ })
      if (mark === '-') lines.push({ kind: 'removed', text: readable(masked(old[oldLine - 1], NOT_SHOWN)), oldLine: oldLine++ })
      if (mark === ' ') {
        lines.push({
          kind: 'same',
          text: readable(masked(fresh[newLine - 1], NOT_SHOWN)),
          oldLine: oldLine++,
          newLine: newLine++,
        })
      }
    }
    end = oldLine - 1
  }
  if (lines.length > 0 && old.length > end) lines.push(gap(old.length - end))
  return lines
}

/** Hexadecimal digits of a secret's hash that reach the database: enough to notice a change, too few to guess it by. */
const SECRET_DIGITS = 4

/** What tells one file from another, in the database and on pages: of secrets it holds no more than a few digits of a hash. */
export function fileMark(bytes: Uint8Array): string {
  const lines = parseIni(bytes).lines.map((line) => {
    const text = Buffer.from(line.text, 'latin1').toString('utf8')
    const shown = masked(line, NOT_SHOWN)
    return [shown, line.end, shown === text ? '' : hash('sha256', line.text, 'hex').slice(0, SECRET_DIGITS)]
  })
  return hash('sha256', JSON.stringify(lines), 'hex')
}

/** Whether something of a value is not shown: whoever types it must not learn whether it is the one of now. */
export function holdsSecret(option: string, value: string): boolean {
  return shownValue(option, value) !== value
}

/** A value as administrators may read it: without the password that a URL may carry. */
export function shownValue(option: string, value: string): string | undefined {
  if (isHidden(option)) return undefined
  return option === 'proxy' ? withoutProxyPassword(value) : withoutPassword(value)
}

function gap(count: number): DiffLine {
  return { kind: 'gap', text: count === 1 ? '1 line' : `${count} lines` }
}

/** No line of a file that a page writes has it: control characters are refused there. */
const TYPED_MARK = '\u0000'

/** With the ends of lines, so that another end is a difference; the library counts lines as the parser does. */
function textOf(lines: readonly IniLine[], typed: OptionNames = new Map()): string {
  let names: ReadonlySet<string> | undefined
  const texts = lines.map((line) => {
    if (line.kind === 'section') names = typed.get(line.name)
    const mark = line.kind === 'option' && names?.has(line.name) ? TYPED_MARK : ''
    return `${line.text.replaceAll('\n', '')}${mark}${line.end === '\r\n' ? '\r' : ''}\n`
  })
  return texts.join('')
}

function masked(line: IniLine | undefined, instead: string): string {
  if (!line) return ''
  const text = Buffer.from(line.text, 'latin1').toString('utf8')
  switch (line.kind) {
    case 'unreadable':
      // Perhaps the second line of a secret that was wrapped.
      return NOT_SHOWN
    case 'comment':
      return maskedComment(text)
    case 'option':
      return maskedOption(text, line.name, instead)
    default:
      return text
  }
}

/** Without what would show the line otherwise than it is: other controls than the tab, other ends of lines, turned direction. */
function readable(text: string): string {
  return text.replace(/(?!\t)[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�')
}

function maskedOption(text: string, name: string, instead: string): string {
  if (name === 'proxy') return behindSign(text, withoutProxyPassword)
  if (!isHidden(name)) return withoutPassword(text)
  // What is no option may be a piece of a secret, its name as well.
  return Object.hasOwn(OAUTH_CLIENT_OPTIONS, name) || /^client-secret/.test(name) ? `${name}=${instead}` : NOT_SHOWN
}

/** An option that was commented out is still a secret, and so is what a note says. */
function maskedComment(text: string): string {
  const [, option] = /^([\s#;]*[^\s=]+\s*)=/.exec(text) ?? []
  const name = option?.replace(/^[\s#;]*/, '').trimEnd()
  if (option !== undefined && name && isHidden(name)) return maskedAfter(text, option.length)
  if (name === 'proxy') return behindSign(text, withoutProxyPassword)
  const note = /(?:secret|password|passwort|passphrase|token)\b[^=:]*[=:]/i.exec(text)
  return note ? maskedAfter(text, note.index + note[0].length - 1) : onlyWords(withoutPassword(text))
}

/** Shorter ones are no secret worth the name. */
const LEAST_SECRET_CHARACTERS = 8

/** As in /oauth2/v2.0/; more letters and digits in turn are no address. */
const MOST_MIXED_PARTS = 2

/** What stands between the parts of addresses, paths, dates, names and options. */
const BETWEEN_PARTS = /[\p{P}=+~|<>`]+/u

/** A secret in a note has no name that tells it: what is shown of one is what looks like words, numbers and addresses of them. */
function onlyWords(text: string): string {
  return text.replace(/[^\s"'“”„()<>]+/gu, (word) => {
    const parts = word.split(BETWEEN_PARTS)
    const isShown = parts.every(isPlain) && parts.filter((part) => /\p{L}\d|\d\p{L}/u.test(part)).length <= MOST_MIXED_PARTS
    return isShown || word.length < LEAST_SECRET_CHARACTERS ? word : NOT_SHOWN
  })
}

/** Letters as a language has them, a number, both after each other as in INC12345 and v2, or too short to matter. */
function isPlain(part: string): boolean {
  if (/^\p{L}+$/u.test(part)) return looksSpoken(part)
  const [, letters, digits] = /^(\p{L}*)(\d{0,8})$/u.exec(part) ?? []
  return digits !== undefined ? letters === '' || looksSpoken(letters ?? '') : part.length <= 4
}

/** One change of case inside at the most (GitHub), no long run without a vowel. */
function looksSpoken(letters: string): boolean {
  if (letters.length <= 5 || /^\p{Lu}{1,8}$/u.test(letters) || !/^[\p{Script=Latin}]+$/u.test(letters))
    return letters.length <= 40
  const humps = letters.slice(1).match(/\p{Ll}\p{Lu}/gu)?.length ?? 0
  const plain = letters.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const vowels = plain.match(/[aeiouy]/g)?.length ?? 0
  const isMixed = /\p{Lu}{2,}\p{Ll}/u.test(letters) && letters.length > 8
  return letters.length <= 30 && humps <= 2 && !isMixed && vowels / plain.length >= 0.2 && !/[^aeiouy]{6}/.test(plain)
}

/** What stands before the sign of a value is shown only when it looks like words. */
function maskedAfter(text: string, sign: number): string {
  const before = text.slice(0, sign)
  return /^[\s#;]*[A-Za-z][A-Za-z _.-]{0,60}$/.test(before) ? `${before}${text.charAt(sign)}${NOT_SHOWN}` : `# ${NOT_SHOWN}`
}

/** The user name stays: it tells which account of a proxy is meant. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^\s/?#:@]*):[^\s/?#]*@/g, `$1:${NOT_SHOWN}@`)
}

/** Of the one option that has a password: also where the URL is written wrong, with a / in the password or without a scheme. */
function withoutProxyPassword(value: string): string {
  return value.replace(/^(\s*(?:[a-z][a-z0-9+.-]*:\/\/|(?![a-z][a-z0-9+.-]*:\/\/))[^:@]*):.*@/i, `$1:${NOT_SHOWN}@`)
}

function behindSign(text: string, mask: (value: string) => string): string {
  const at = text.indexOf('=') + 1
  return text.slice(0, at) + mask(text.slice(at))
}
