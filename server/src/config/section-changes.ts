import { timingSafeEqual } from 'node:crypto'
import { guidOfSection } from './guid.ts'
import { type IniDocument, parseIni, printIni, readIni, removeOption, setValue } from './ini.ts'
import { addSection, removeSection, renameSection } from './ini-sections.ts'
import { holdsSecret } from './masked-text.ts'

/** Options by name, the first of each. */
export type WrittenOptions = ReadonlyMap<string, string>

/** One option that an administrator wants otherwise; null: not written. */
export interface OptionChange {
  readonly name: string
  readonly value: string | null
  /** As it was when the change was made. */
  readonly was: string | null
  /** Of a secret that was typed: where its section sent secrets then (`wayOf`). */
  readonly typedFor?: string
}

/** What one administrator wants of one section, on the file as it was then. */
export interface SectionChange {
  /** Its header in the file; absent: it is a new one. */
  readonly of?: string
  /** Its header afterwards. */
  readonly section: string
  readonly isRemoved?: true
  readonly options: readonly OptionChange[]
  /** Everything in it when the change was begun. */
  readonly before: readonly (readonly [name: string, value: string])[]
}

/** What two changed; `option` absent: the section as a whole. */
export interface ChangeConflict {
  readonly section: string
  readonly option?: string
  /** Null: not written. */
  readonly yours: string | null
  readonly theirs: string | null
}

/** A file with the changes of one administrator in it; while there are conflicts, with their side of them. */
export interface MergedFile {
  readonly bytes: Buffer
  readonly conflicts: readonly ChangeConflict[]
  /** Headers in the file it was made of, by headers now. */
  readonly origins: ReadonlyMap<string, string>
}

/**
 * Whether an option holds what is not shown. It counts as changed whether it is or not: who types a secret must not learn whether
 * it is the one of now.
 */
export function isTypedSecret({ name, value }: Pick<OptionChange, 'name' | 'value'>): boolean {
  return value !== null && holdsSecret(name, value)
}

/** Secrets that files of `client-secret-file` and the like hold, by the path as written. */
export type FileSecrets = ReadonlyMap<string, string>

/** Sections of a file by header, the first of each. */
export function sectionsOf(bytes: Uint8Array): ReadonlyMap<string, WrittenOptions> {
  const sections = new Map<string, Map<string, string>>()
  for (const { name, options } of readIni(parseIni(bytes)).sections) {
    const written = sections.get(name) ?? new Map<string, string>()
    sections.set(name, written)
    for (const option of options) if (!written.has(option.name)) written.set(option.name, option.value)
  }
  return sections
}

/** Brings changes into a file that others may have changed meanwhile: what they changed elsewhere stays. */
export function mergeChanges(bytes: Uint8Array, changes: readonly SectionChange[], fileSecrets: FileSecrets): MergedFile {
  const now = sectionsOf(bytes)
  const conflicts: ChangeConflict[] = []
  const origins = new Map([...now.keys()].map((section) => [section, section]))
  let document = parseIni(bytes)
  for (const change of changes) {
    const written = change.of === undefined ? now.get(change.section) : now.get(change.of)
    conflicts.push(...conflictsOf(change, written))
    if (change.of !== undefined) origins.delete(change.of)
    if (change.isRemoved) {
      document = removeSection(document, change.of ?? change.section)
    } else if (change.of === undefined || !written) {
      if (!now.has(change.section)) document = addSection(document, change.section, [...optionsOf(change, written)])
    } else {
      document = changeSection(document, change, written, fileSecrets)
      origins.set(change.section, change.of)
    }
  }
  return { bytes: printIni(document), conflicts, origins }
}

/** All options that a change makes of what is written, or else of what was there when it was begun. */
export function optionsOf(change: SectionChange, written: WrittenOptions | undefined): WrittenOptions {
  const options = new Map(written ?? change.before)
  for (const { name, value } of change.options) {
    if (value === null) options.delete(name)
    else options.set(name, value)
  }
  return options
}

function changeSection(
  before: IniDocument,
  change: SectionChange,
  written: WrittenOptions,
  fileSecrets: FileSecrets,
): IniDocument {
  const { of = change.section, section } = change
  let document = before
  for (const { name, value } of change.options) {
    const file = `${name}-file`
    const inFile = written.get(file)
    const isProof = value !== null && inFile !== undefined && isSame(fileSecrets.get(inFile), value)
    if (isProof) continue
    document = value === null ? removeOption(document, of, name) : setValue(document, of, name, value)
    // A secret that is typed takes the place of the one in the file.
    if (value !== null && inFile !== undefined) document = removeOption(document, of, file)
  }
  if (section === of) return document
  const kept = identityKept(of, section, change, written)
  if (kept.every(([name]) => name !== 'previous-names') && written.get('previous-names') === section) {
    document = removeOption(document, of, 'previous-names')
  }
  for (const [name, value] of kept) document = setValue(document, of, name, value)
  return renameSection(document, of, section)
}

/** What keeps the Integration ID of a section, and the names it had, when it gets another header. */
function identityKept(
  of: string,
  section: string,
  change: SectionChange,
  written: WrittenOptions,
): readonly (readonly [string, string])[] {
  if (change.options.some(({ name }) => name === 'previous-names')) return []
  const before = (written.get('previous-names') ?? '').split(',').flatMap((name) => name.trim() || [])
  const uid = written.get('guid') ?? guidOfSection(before[0] ?? of)
  const names = [...new Set([...before, of])].filter((name) => name !== section && !name.includes(','))
  const kept: (readonly [string, string])[] = names.length > 0 ? [['previous-names', names.join(', ')]] : []
  const derived = guidOfSection(names[0] ?? section)
  return written.has('guid') || derived === uid ? kept : [...kept, ['guid', uid]]
}

/** Compares in constant time: what is compared is a secret. */
function isSame(secret: string | undefined, typed: string): boolean {
  if (secret === undefined) return false
  const [a, b] = [Buffer.from(secret), Buffer.from(typed)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function conflictsOf(change: SectionChange, written: WrittenOptions | undefined): readonly ChangeConflict[] {
  const { section, of, options } = change
  if (of === undefined) {
    const isSame = !options.some(isTypedSecret) && written && isAsBefore({ before: [...optionsOf(change, undefined)] }, written)
    return !written || isSame ? [] : [{ section, yours: `[${section}]`, theirs: `[${section}]` }]
  }
  if (!written) return change.isRemoved ? [] : [{ section, yours: `[${section}]`, theirs: null }]
  if (change.isRemoved) return isAsBefore(change, written) ? [] : [{ section, yours: null, theirs: `[${of}]` }]
  return options.flatMap((option) => {
    const { name, value, was } = option
    const theirs = written.get(name) ?? null
    const isSettled = theirs === was || (theirs === value && !isTypedSecret(option))
    return isSettled ? [] : [{ section, option: name, yours: value, theirs }]
  })
}

function isAsBefore({ before }: Pick<SectionChange, 'before'>, written: WrittenOptions): boolean {
  const then = new Map(before)
  return then.size === written.size && [...then].every(([name, value]) => written.get(name) === value)
}

/** A change after one of its conflicts was decided; undefined: nothing is left of it. */
export function decide(
  change: SectionChange,
  { option, keep }: { readonly option?: string; readonly keep: 'yours' | 'theirs' },
  bytes: Uint8Array,
): SectionChange | undefined {
  const sections = sectionsOf(bytes)
  const now = sections.get(change.of ?? change.section)
  if (option === undefined) return keep === 'theirs' ? undefined : insisting(change, now)
  const options = change.options.flatMap((each) => {
    if (each.name !== option) return [each]
    return keep === 'theirs' ? [] : [{ ...each, was: now?.get(option) ?? null }]
  })
  return options.length === 0 && change.of === change.section ? undefined : { ...change, options }
}

/** The change as it would have been made on the file of now. A secret that only stood there when it was begun was not typed. */
function insisting(change: SectionChange, now: WrittenOptions | undefined): SectionChange {
  const { section, isRemoved } = change
  const wanted = optionsOf(change, undefined)
  const typed = new Map(change.options.map((option) => [option.name, option]))
  const optionOf = (name: string, value: string | null, was: string | null): OptionChange => {
    const { typedFor } = typed.get(name) ?? {}
    return { name, value, was, ...(typedFor === undefined ? {} : { typedFor }) }
  }
  if (!now) return { section, options: [...wanted].map(([name, value]) => optionOf(name, value, null)), before: [] }
  const before = [...now]
  if (isRemoved) return { ...change, before }
  const names = new Set([...wanted.keys(), ...now.keys()])
  const options = [...names].map((name) => optionOf(name, wanted.get(name) ?? null, now.get(name) ?? null))
  const isWanted = (option: OptionChange): boolean =>
    option.value !== option.was || (typed.has(option.name) && isTypedSecret(option))
  return { of: section, section, options: options.filter(isWanted), before }
}
