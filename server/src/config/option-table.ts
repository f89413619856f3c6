import type { Findings, Place } from './diagnostics.ts'
import type { IniContent, IniOption } from './ini.ts'
import { nearestName } from './nearest.ts'

/** What values are judged by, besides their own text. */
export interface ParseContext {
  /** Relative paths start here. */
  readonly configDir: string
  /** `insecure-loopback-providers=1`. */
  readonly allowsLoopback: boolean
}

/** A typed value, or what is wrong with the text and what would be right; `problem` never repeats the text. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

/** One option of a file: how it is read and what the reference says about it. */
export interface OptionRow<T> {
  /** Whether a file or section without it is refused; `one-of` = this one or its twin. */
  readonly required: boolean | 'one-of'
  /** In words, as the reference shows it. */
  readonly default?: string
  readonly meaning: string
  readonly example: string
  readonly parse: (text: string, context: ParseContext) => Parsed<T>
}

/** A row of a table; not required unless it says so. */
export function row<T>(written: Omit<OptionRow<T>, 'required'> & Partial<Pick<OptionRow<T>, 'required'>>): OptionRow<T> {
  return { required: false, ...written }
}

/** The options of one file; the order is that of the reference. */
export type OptionTable = Readonly<Record<string, OptionRow<unknown>>>

/** What was read by a table: only options that were there and right. */
type Values<T extends OptionTable> = {
  readonly [K in keyof T]?: T[K] extends OptionRow<infer V> ? V : never
}

/** Options as read, and the lines of all known ones that were written, right or not. */
export interface ReadOptions<T extends OptionTable> {
  readonly values: Values<T>
  readonly lines: ReadonlyMap<string, number>
}

/** Reads options by their table; unknown, doubled, empty and wrong ones become findings. Required ones are not asked for. */
export function readOptions<T extends OptionTable>(
  table: T,
  options: readonly IniOption[],
  reading: {
    readonly context: ParseContext
    readonly findings: Findings
    readonly section?: string
    readonly spoilt: SpoiltLines
  },
): ReadOptions<T> {
  const { context, findings, spoilt } = reading
  const inSection = reading.section === undefined ? {} : { section: reading.section }
  const values: Record<string, unknown> = {}
  const lines = new Map<string, number>()
  for (const { name, value, line } of options) {
    const row = Object.hasOwn(table, name) ? table[name] : undefined
    if (!row) {
      if (!spoilt.has(line)) reportUnknown(name, { line, ...inSection }, table, findings)
      continue
    }
    const place = { line, ...inSection, option: name }
    const first = lines.get(name)
    if (first !== undefined) {
      findings.error(place, `is written twice; it first stands in line ${first}. Keep one of the two.`)
      continue
    }
    lines.set(name, line)
    if (spoilt.has(line)) continue
    const parsed = value === '' ? { problem: EMPTY_VALUE } : row.parse(value, context)
    if ('problem' in parsed) findings.error(place, parsed.problem)
    else values[name] = parsed.value
  }
  return { values: values as Values<T>, lines }
}

/** Lines that are findings already: what they say is not judged again. */
export type SpoiltLines = ReadonlySet<number>

/** Turns lines that cannot be read into findings and answers their numbers. */
export function reportTroubles(content: IniContent, findings: Findings): SpoiltLines {
  const spoilt = new Set<number>()
  for (const trouble of content.troubles) {
    const place = { line: trouble.line, ...(trouble.section !== undefined && { section: trouble.section }) }
    if (trouble.kind === 'not UTF-8' && trouble.isComment) {
      findings.warning(place, 'The comment in this line is not UTF-8 text; save the file as UTF-8.')
    } else {
      findings.error(place, TROUBLES[trouble.kind])
      spoilt.add(trouble.line)
    }
  }
  return spoilt
}

const TROUBLES = {
  unreadable:
    'This line is neither a [section] header, nor option=value, nor a comment that starts with # or ;. Write the whole value in one line.',
  'control character': 'This line holds a control character; type the line anew.',
  'not UTF-8': 'This line is not UTF-8 text; save the file as UTF-8.',
} as const

const EMPTY_VALUE = 'has no value; write one after the = or remove the line.'

function reportUnknown(name: string, place: Place, table: OptionTable, findings: Findings): void {
  if (findings.isFull) {
    findings.error(place, '')
    return
  }
  const nearest = nearestName(name, Object.keys(table))
  const hint = nearest.isLikely ? `Did you mean ${nearest.name}?` : `The nearest known one is ${nearest.name}.`
  if (nearest.isTypingError || looksLikeWords(name)) findings.error({ ...place, option: name }, `is not a known option. ${hint}`)
  else findings.error(place, `This option is not known (its name is not repeated: it may be part of a secret). ${hint}`)
}

/**
 * Whether an option's name may be shown although no table knows it. The second line of a secret that was wrapped reads as an option when it holds a `=`. So only what looks like an option's
 * name is repeated: a typing error of a known one, or words joined by hyphens.
 */
export function looksLikeWords(name: string): boolean {
  return /^[a-z]{1,16}([-_.][a-z]{1,16}){0,4}$/.test(name)
}
