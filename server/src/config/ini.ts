import { isUtf8 } from 'node:buffer'

/*
 * Text is held as one character per byte (latin1), so that a file of any bytes prints as it was read; names and values are
 * decoded as UTF-8 when they are looked at. All bytes with a meaning here are ASCII, which UTF-8 never uses inside a character.
 */

interface Line {
  /** Without its end. One character per byte. */
  readonly text: string
  /** `\n`, `\r\n`, or nothing at the end of the file. */
  readonly end: string
}

interface PlainLine extends Line {
  /** `unreadable`: neither a section header nor `option=value`. */
  readonly kind: 'blank' | 'comment' | 'unreadable'
}

interface HeaderLine extends Line {
  readonly kind: 'section'
  readonly name: string
}

interface OptionLine extends Line {
  readonly kind: 'option'
  readonly name: string
  /** Without the blanks around it; nothing is unquoted or cut. */
  readonly value: string
  /** Where the value stands in `text`. */
  readonly valueStart: number
  readonly valueEnd: number
}

/** One line with its end; `text + end` of all lines is the file. */
export type IniLine = PlainLine | HeaderLine | OptionLine

/** A file of sections and options that prints byte for byte as it was read. */
export interface IniDocument {
  readonly byteOrderMark: boolean
  readonly lines: readonly IniLine[]
}

/** One `option=value` with its line, from 1. */
export interface IniOption {
  readonly name: string
  readonly value: string
  readonly line: number
}

/** One header with what stands below it; the same name may come again. */
export interface IniSection {
  readonly name: string
  readonly line: number
  readonly options: readonly IniOption[]
}

/** A line that does not say what it should; `kind` says why, no text of the line is repeated. */
interface IniTrouble {
  readonly kind: 'unreadable' | 'control character' | 'not UTF-8'
  readonly line: number
  readonly section?: string
  readonly isComment: boolean
}

/** What a document says. */
export interface IniContent {
  /** Options before the first header. */
  readonly preamble: readonly IniOption[]
  readonly sections: readonly IniSection[]
  readonly troubles: readonly IniTrouble[]
}

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf'

/** Reads a file of any bytes; never fails. */
export function parseIni(bytes: Uint8Array): IniDocument {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const byteOrderMark = text.startsWith(BYTE_ORDER_MARK)
  const lines: IniLine[] = []
  let at = byteOrderMark ? BYTE_ORDER_MARK.length : 0
  while (at < text.length) {
    const feed = text.indexOf('\n', at)
    if (feed === -1) {
      lines.push(parseLine(text.slice(at), ''))
      break
    }
    const hasReturn = feed > at && text[feed - 1] === '\r'
    lines.push(hasReturn ? parseLine(text.slice(at, feed - 1), '\r\n') : parseLine(text.slice(at, feed), '\n'))
    at = feed + 1
  }
  return { byteOrderMark, lines }
}

/** The bytes of a document: those it was parsed from, where nothing was edited. */
export function printIni(document: IniDocument): Buffer {
  const text = document.lines.map((line) => line.text + line.end).join('')
  return Buffer.from((document.byteOrderMark ? BYTE_ORDER_MARK : '') + text, 'latin1')
}

/** Sections, options and troubles of a document, in the order of the file. */
export function readIni(document: IniDocument): IniContent {
  const preamble: IniOption[] = []
  const sections: { name: string; line: number; options: IniOption[] }[] = []
  const troubles: IniTrouble[] = []
  for (const [index, line] of document.lines.entries()) {
    const number = index + 1
    if (line.kind === 'section') sections.push({ name: line.name, line: number, options: [] })
    const section = sections.at(-1)
    if (line.kind === 'option') {
      const options = section?.options ?? preamble
      options.push({ name: line.name, value: line.value, line: number })
    }
    const kind = troubleOf(line)
    if (kind) {
      troubles.push({ kind, line: number, isComment: line.kind === 'comment', ...(section && { section: section.name }) })
    }
  }
  return { preamble, sections, troubles }
}

/** The first value of an option; `section` undefined = before the first header. */
export function findValue(document: IniDocument, section: string | undefined, option: string): string | undefined {
  const found = document.lines[findOption(document, section, option)]
  return found?.kind === 'option' ? found.value : undefined
}

/**
 * A document in which `findValue` answers `value`; every other line stays as it is. A new option comes after the section's
 * last one, a new section at the end. Throws RangeError when the name or value could not be read back.
 */
export function setValue(document: IniDocument, section: string | undefined, option: string, value: string): IniDocument {
  checkWritable(section, option, value)
  const at = findOption(document, section, option)
  const line = document.lines[at]
  if (line?.kind === 'option') {
    const text = line.text.slice(0, line.valueStart) + toBytes(value) + line.text.slice(line.valueEnd)
    return { ...document, lines: document.lines.with(at, parseLine(text, line.end)) }
  }
  const end = lineEndOf(document)
  const added = [parseLine(toBytes(`${option}=${value}`), end)]
  const place = placeInSection(document, section)
  if (place !== undefined) return insertLines(document, place, added, end)
  const header = parseLine(toBytes(`[${section}]`), end)
  const gap = document.lines.length === 0 ? [] : [parseLine('', end)]
  return insertLines(document, document.lines.length, [...gap, header, ...added], end)
}

/** A document without an option, all its lines; every other line stays as it is. */
export function removeOption(document: IniDocument, section: string | undefined, option: string): IniDocument {
  let current: string | undefined
  const lines = document.lines.filter((line) => {
    if (line.kind === 'section') current = line.name
    return !(line.kind === 'option' && line.name === option && current === section)
  })
  return { ...document, lines }
}

/** A document with one line, numbered from 1, made a comment; every other line stays as it is. */
export function commentOut(document: IniDocument, line: number): IniDocument {
  const old = document.lines[line - 1]
  return old ? { ...document, lines: document.lines.with(line - 1, parseLine(`#${old.text}`, old.end)) } : document
}

/** The line end a document uses. */
export function lineEndOf(document: IniDocument): string {
  return document.lines.find((each) => each.end !== '')?.end ?? '\n'
}

/** A line of text, one character per byte, as the parser reads it. */
export function parseLine(text: string, end: string): IniLine {
  const start = skipBlanks(text, 0)
  const stop = dropBlanks(text, start, text.length)
  const first = text[start]
  if (start === stop) return { kind: 'blank', text, end }
  if (first === '#' || first === ';') return { kind: 'comment', text, end }
  if (first === '[') {
    if (stop - start < 2 || text[stop - 1] !== ']') return { kind: 'unreadable', text, end }
    const nameStart = skipBlanks(text, start + 1)
    const nameEnd = dropBlanks(text, nameStart, stop - 1)
    return { kind: 'section', text, end, name: fromBytes(text.slice(nameStart, nameEnd)) }
  }
  const equals = text.indexOf('=', start)
  if (equals === -1 || equals === start) return { kind: 'unreadable', text, end }
  const valueStart = Math.min(skipBlanks(text, equals + 1), text.length)
  const valueEnd = Math.max(valueStart, stop)
  const name = fromBytes(text.slice(start, dropBlanks(text, start, equals)))
  return { kind: 'option', text, end, name, value: fromBytes(text.slice(valueStart, valueEnd)), valueStart, valueEnd }
}

function troubleOf(line: IniLine): IniTrouble['kind'] | undefined {
  if (!isAscii(line.text) && !isUtf8(Buffer.from(line.text, 'latin1'))) return 'not UTF-8'
  if (hasControlCharacter(fromBytes(line.text))) return 'control character'
  return line.kind === 'unreadable' ? 'unreadable' : undefined
}

/** Unicode's Cc, but for the tab, which may stand around names and values. */
export function hasControlCharacter(text: string): boolean {
  return /(?!\t)\p{Cc}/u.test(text)
}

function findOption(document: IniDocument, section: string | undefined, option: string): number {
  let current: string | undefined
  return document.lines.findIndex((line) => {
    if (line.kind === 'section') current = line.name
    return line.kind === 'option' && line.name === option && current === section
  })
}

/** Where a new option of a section goes: after its last option or header. Undefined when the section is not there. */
function placeInSection(document: IniDocument, section: string | undefined): number | undefined {
  let current: string | undefined
  let place = section === undefined ? 0 : undefined
  let isFirst = section === undefined
  for (const [index, line] of document.lines.entries()) {
    if (line.kind === 'section') {
      if (isFirst) break
      current = line.name
      isFirst = current === section
      if (isFirst) place = index + 1
    } else if (isFirst && (line.kind === 'option' || (section === undefined && line.kind === 'comment'))) {
      place = index + 1
    }
  }
  return place
}

/** A document with lines put in at a place; a last line without an end gets one. */
export function insertLines(document: IniDocument, place: number, added: readonly IniLine[], end: string): IniDocument {
  const before = document.lines.slice(0, place)
  const last = before.at(-1)
  if (last?.end === '') before[before.length - 1] = { ...last, end }
  return { ...document, lines: [...before, ...added, ...document.lines.slice(place)] }
}

/** Throws RangeError when a section, option and value could not be read back. */
export function checkWritable(section: string | undefined, option: string, value: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(option)) throw new RangeError('An option name is made of a-z, 0-9 and -.')
  for (const text of section === undefined ? [value] : [section, value]) {
    if (/\p{Cc}/u.test(text) || !text.isWellFormed()) throw new RangeError('Control characters cannot be written.')
    if (skipBlanks(text, 0) !== 0 || dropBlanks(text, 0, text.length) !== text.length) {
      throw new RangeError('Blanks at the start or end would be lost.')
    }
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at += 1
  return at
}

function dropBlanks(text: string, from: number, to: number): number {
  let at = to
  while (at > from && (text[at - 1] === ' ' || text[at - 1] === '\t')) at -= 1
  return at
}

function isAscii(bytes: string): boolean {
  return /^\p{ASCII}*$/u.test(bytes)
}

function fromBytes(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Text as one character per byte of its UTF-8. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
