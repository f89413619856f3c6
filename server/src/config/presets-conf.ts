import type { Preset, PresetVariable, PresetVariableKind } from '../domain/preset.ts'
import { type IniOption, type IniSection, parseIni, readIni } from './ini.ts'
import { variableProblem } from './preset-variables.ts'
import { documentationUrl } from './urls.ts'
import { wordList } from './values.ts'

/*
 * presets.conf is written as oauth-clients.conf is: a section for each provider, and below it the options that it brings. What
 * stands beside them is for people, or says how the preset is used.
 */

/** Options of a preset that are its own, with their parsers; those of `oauth-clients.conf` are parsed when a section uses them. */
const OWN_OPTIONS = ['like', 'title', 'source', 'register', 'refresh-scopes'] as const
const NUMBERED = /^(step|quirk)-([1-9][0-9]?)$/
const VARIABLE = /^variable-([a-z]+)(?:-(label|is|example|default))?$/
const KINDS: readonly PresetVariableKind[] = ['label', 'labels', 'server', 'segment']
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** The presets of a file, by name. Throws SyntaxError with the line of the first mistake: the file is a part of the program. */
export function readPresets(bytes: Uint8Array): readonly Preset[] {
  const { preamble, sections, troubles } = readIni(parseIni(bytes))
  const trouble = troubles[0] ?? preamble[0]
  if (trouble) throw mistake(trouble.line, 'cannot be read, or stands before the first [preset].')
  const byId = new Map<string, Preset>()
  for (const section of sections) {
    if (!NAME.test(section.name)) throw mistake(section.line, 'has a header that is no name of a preset; write [such-as-this].')
    if (byId.has(section.name)) throw mistake(section.line, 'has the header of another preset.')
    byId.set(section.name, readPreset(section, byId))
  }
  return [...byId.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'))
}

function readPreset(section: IniSection, before: ReadonlyMap<string, Preset>): Preset {
  const { like, title, source, register, ...own } = ownOptions(section)
  const base = like === undefined ? undefined : before.get(like.value)
  if (like && !base) throw mistake(like.line, 'names no preset that stands above.')
  if (!title) throw mistake(section.line, 'has no title.')
  const page = source?.value ?? base?.source
  if (page === undefined) throw mistake(section.line, "has no source: the URL of the provider's own documentation.")
  for (const url of [source, register]) {
    if (url && 'problem' in documentationUrl(url.value.replaceAll(/\{[a-z]+\}/g, 'variable')))
      throw mistake(url.line, 'is no https URL.')
  }
  const { variables, ...lists } = listsOf(section)
  const where = register?.value ?? base?.register
  const scopes = own['refresh-scopes'] && wordList('scope')(own['refresh-scopes'].value)
  return {
    ...{ id: section.name, name: title.value, source: page },
    ...(where === undefined ? {} : { register: where }),
    steps: lists.steps.length > 0 ? lists.steps : (base?.steps ?? []),
    quirks: [...(base?.quirks ?? []), ...lists.quirks],
    variables: [...(base?.variables ?? []).filter(({ name }) => !variables.some((other) => other.name === name)), ...variables],
    options: { ...base?.options, ...lists.options },
    refreshScopes: scopes && 'value' in scopes ? scopes.value : (base?.refreshScopes ?? []),
  }
}

type Own = Readonly<Partial<Record<(typeof OWN_OPTIONS)[number], IniOption>>>

function ownOptions(section: IniSection): Own {
  return Object.fromEntries(section.options.filter(({ name }) => isOwn(name)).map((option) => [option.name, option]))
}

function isOwn(name: string): boolean {
  return (OWN_OPTIONS as readonly string[]).includes(name)
}

function listsOf(section: IniSection): Pick<Preset, 'steps' | 'quirks' | 'variables' | 'options'> {
  const lists = { step: [] as string[], quirk: [] as string[] }
  const variables = new Map<string, Record<string, string> & { line: string }>()
  const options: Record<string, string> = {}
  const seen = new Set<string>()
  for (const { name, value, line } of section.options) {
    if (seen.has(name) || value === '') throw mistake(line, 'is written twice, or has no value.')
    seen.add(name)
    const [, list, number] = NUMBERED.exec(name) ?? []
    const [, variable, part = 'meaning'] = VARIABLE.exec(name) ?? []
    if (list === 'step' || list === 'quirk') {
      if (lists[list].push(value) !== Number(number)) throw mistake(line, 'is not numbered in order.')
    } else if (variable !== undefined) variables.set(variable, { ...variables.get(variable), line: `${line}`, [part]: value })
    else if (!isOwn(name)) options[name] = value
  }
  return {
    steps: lists.step,
    quirks: lists.quirk,
    options,
    variables: [...variables].map(([name, parts]) => variableOf(name, parts)),
  }
}

/** `is` names a kind, or lists the values there are. */
function variableOf(name: string, parts: Readonly<Record<string, string>>): PresetVariable {
  const { label = name[0]?.toUpperCase() + name.slice(1), meaning, is, example, line } = parts
  if (meaning === undefined || is === undefined || example === undefined) {
    throw mistake(
      Number(line),
      `belongs to a variable that lacks variable-${name}, variable-${name}-is or variable-${name}-example.`,
    )
  }
  const kind = KINDS.find((known) => known === is)
  const words = is.split(/,\s*/)
  if (!kind && words.length < 2)
    throw mistake(Number(line), `belongs to a variable of an unknown kind; known are ${KINDS.join(', ')}.`)
  const variable: PresetVariable = {
    ...{ name, label, meaning, example, kind: kind ?? 'choice', choices: kind ? [] : words },
    ...(parts.default === undefined ? {} : { default: parts.default }),
  }
  for (const value of [example, parts.default ?? example]) {
    if (variableProblem(variable, value))
      throw mistake(Number(line), `belongs to a variable whose example or default it refuses.`)
  }
  return variable
}

function mistake(line: number, what: string): SyntaxError {
  return new SyntaxError(`presets.conf:${line}: This line ${what}`)
}
