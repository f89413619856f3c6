import { realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { NOT_SHOWN, shownValue } from './masked-text.ts'
import { OPTION_FORM } from './option-form.ts'
import { TYPED_SECRETS, wayOf } from './secret-ways.ts'
import { isTypedSecret, type OptionChange, optionsOf, type SectionChange, type WrittenOptions } from './section-changes.ts'

/** What was changed in a form: options by name, null removes one; an option that is absent stays as it is. */
export interface SectionEdit {
  readonly section: string
  readonly options: Readonly<Record<string, string | null>>
  /** What the form said of the section when its secrets were typed, secrets apart; absent: what it says with this edit. */
  readonly typedWith?: Readonly<Record<string, string>>
}

/** Something that cannot be taken from a form, in a sentence without the value. */
export interface EditProblem {
  readonly option?: string
  readonly message: string
}

/** A longer value is some other text. */
const MOST_CHARACTERS = 16_384
const LONGEST_HEADER = 200
/** Control characters, other ends of lines, and what turns the direction of text, so that it reads as another. UAX #9 §2. */
const HIDDEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** What of a form cannot be taken at all; everything else is judged in the file that it makes. */
export function editProblems(edit: SectionEdit, written: WrittenOptions, configDir: string): readonly EditProblem[] {
  const problems = Object.entries(edit.options).flatMap(([option, value]) => {
    const message = value === null ? undefined : optionProblem(option, value, written, configDir)
    return message === undefined ? [] : [{ option, message }]
  })
  const header = headerProblem(edit.section)
  return header === undefined ? problems : [{ message: header }, ...problems]
}

function headerProblem(section: string): string | undefined {
  if (HIDDEN.test(section) || !section.isWellFormed()) {
    return 'The section header holds a control character or a line break; type it anew.'
  }
  if (section.trim() !== section || section === '')
    return 'A section header is a name without blanks around it, such as box-integration.'
  if (section.startsWith('[')) return 'The brackets around a section header are written by themselves; type the name alone.'
  return section.length > LONGEST_HEADER ? `A section header has at most ${LONGEST_HEADER} characters.` : undefined
}

function optionProblem(option: string, value: string, written: WrittenOptions, configDir: string): string | undefined {
  if (!/^[a-z][a-z0-9-]{0,60}$/.test(option)) return 'is not the name of an option.'
  if (HIDDEN.test(value) || !value.isWellFormed()) {
    return 'holds a control character or a line break; type it anew, in one line.'
  }
  if (value.length > MOST_CHARACTERS) return `is longer than ${MOST_CHARACTERS} characters; this is some other text.`
  const { onlyInFile } = (Object.hasOwn(OPTION_FORM, option) && OPTION_FORM[option]) || {}
  if (onlyInFile !== undefined && value !== written.get(option)) return `cannot be written here. ${onlyInFile}`
  if (value.includes(NOT_SHOWN) && value !== shownValue(option, written.get(option) ?? '')) {
    return 'has a password that is not shown here; type it again.'
  }
  if (option === 'ca-file' && value !== written.get(option) && !isInside(resolve(configDir, value), configDir)) {
    return 'names a file outside the configuration directory; copy the certificate there, or write this option in the file.'
  }
  return undefined
}

/** By the name alone where there is no such file yet: that it is missing is said when it is read. */
function isInside(path: string, directory: string): boolean {
  const way = relative(real(directory), real(path))
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way)
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // It does not exist.
  }
}

/**
 * The change of a section with a form brought in. `seen`: the options of the file that the form was filled from; undefined: a new
 * section. Undefined: nothing is changed any more.
 */
export function withEdit(
  change: SectionChange | undefined,
  edit: SectionEdit,
  seen: { readonly header: string; readonly options: WrittenOptions } | undefined,
): SectionChange | undefined {
  const made = new Map((change?.options ?? []).map((option) => [option.name, option]))
  const before = seen?.options ?? new Map<string, string>()
  for (const [name, text] of Object.entries(edit.options)) {
    const wanted = made.get(name)
    const was = wanted ? wanted.was : (before.get(name) ?? null)
    const shown = wanted ? wanted.value : was
    const value = text === null ? null : text.replace(/^[ \t]+|[ \t]+$/g, '')
    if (value !== null && shown !== null && value !== shown && value === shownValue(name, shown)) continue
    // A secret that is typed is kept also where it is the one of now: it proves that it is known, and looks like any other.
    if (value === was && !isTypedSecret({ name, value })) made.delete(name)
    else made.set(name, { name, value, was } satisfies OptionChange)
  }
  const options = [...made.values()]
  const of = change ? change.of : seen?.header
  if (of !== undefined && options.length === 0 && edit.section === of) return undefined
  return {
    ...(of === undefined ? {} : { of }),
    ...{ section: edit.section, options, before: change?.before ?? [...before] },
  }
}

/** What a form showed, with what pages do not show of a value that is still there. */
function asMeant(typedWith: Readonly<Record<string, string>>, options: WrittenOptions): WrittenOptions {
  return new Map(
    Object.entries(typedWith).map(([name, text]) => {
      const value = options.get(name)
      return [name, value !== undefined && shownValue(name, value) === text ? value : text]
    }),
  )
}

/**
 * The change with the secrets that this form typed bound to where they went by what it showed; `written`: the section that it changes.
 * A form sends what was typed again with each save, perhaps after another window led the section elsewhere.
 */
export function withTyped(change: SectionChange, edit: SectionEdit, written: WrittenOptions | undefined): SectionChange {
  const options = optionsOf(change, written)
  const typedFor = wayOf(edit.typedWith === undefined ? options : asMeant(edit.typedWith, options))
  const isTyped = ({ name, value }: OptionChange): boolean =>
    TYPED_SECRETS.includes(name) && value !== null && typeof edit.options[name] === 'string'
  return { ...change, options: change.options.map((option) => (isTyped(option) ? { ...option, typedFor } : option)) }
}
