import type { Findings } from './diagnostics.ts'
import type { IniOption, IniSection } from './ini.ts'
import type { SpoiltLines } from './option-table.ts'
import { PRESETS_ONLY } from './preset-options.ts'
import { findPreset, presetOptions } from './presets.ts'
import { inWords, wordList } from './values.ts'

/** A section as its preset completes it. */
export interface ExpandedSection {
  /** What is written but for `preset-<name>`, then what the preset brings: its lines are that of `preset`. */
  readonly options: readonly IniOption[]
  /** Names of the options that the preset brings. */
  readonly brought: ReadonlySet<string>
  /** The preset cannot be used, which is a finding already: what it would have brought is not missed. */
  readonly isIncomplete: boolean
}

/** What looks otherwise is no variable of any preset: the table of options tells it, and whether its name may be repeated. */
const VARIABLE = /^preset-[a-z][a-z0-9-]{0,39}$/

/** Reads `preset` and `preset-<name>` of a section; what is written wins over what the preset brings. */
export function expandPreset(section: IniSection, findings: Findings, spoilt: SpoiltLines): ExpandedSection {
  const variables = section.options.filter(({ name }) => VARIABLE.test(name))
  const written = section.options.filter(({ name }) => !VARIABLE.test(name))
  const nothing = { options: written.filter(({ name }) => !isPresetsOnly(name)), brought: new Set<string>() }
  for (const { name, line } of written.filter((option) => isPresetsOnly(option.name))) {
    findings.error({ line, section: section.name, option: name }, 'belongs to presets alone; remove the line.')
  }
  const values = variableValues(section, variables, findings, spoilt)
  const preset = written.find(({ name }) => name === 'preset')
  if (!preset) {
    for (const { name, line } of variables) {
      if (spoilt.has(line)) continue
      findings.error(
        { line, section: section.name, option: name },
        'stands without preset; write the preset it belongs to, or remove it.',
      )
    }
    return { ...nothing, isIncomplete: false }
  }
  // The table of options says what is wrong with these, or has been told already.
  if (spoilt.has(preset.line) || preset.value === '' || variables.some(({ line }) => spoilt.has(line))) {
    return { ...nothing, isIncomplete: true }
  }
  const expansion = presetOptions(preset.value, values)
  if ('problems' in expansion) {
    for (const { variable, message } of expansion.problems) {
      const option = variable === undefined ? 'preset' : `preset-${variable}`
      const line = variables.find(({ name }) => name === option)?.line ?? preset.line
      findings.error({ line, section: section.name, option }, message)
    }
    return { ...nothing, isIncomplete: true }
  }
  warnOfRefreshScopes(section, preset, findings)
  const own = new Set(written.map(({ name }) => name))
  const brought = Object.entries(expansion.options).filter(([name]) => !own.has(name))
  return {
    options: [...nothing.options, ...brought.map(([name, value]) => ({ name, value, line: preset.line }))],
    brought: new Set(brought.map(([name]) => name)),
    isIncomplete: false,
  }
}

function variableValues(
  section: IniSection,
  variables: readonly IniOption[],
  findings: Findings,
  spoilt: SpoiltLines,
): Readonly<Record<string, string>> {
  const first = new Map<string, IniOption>()
  for (const option of variables.filter(({ line }) => !spoilt.has(line))) {
    const other = first.get(option.name)
    if (!other) first.set(option.name, option)
    else {
      const place = { line: option.line, section: section.name, option: option.name }
      findings.error(place, `is written twice; it first stands in line ${other.line}. Keep one of the two.`)
    }
  }
  return Object.fromEntries([...first.values()].map(({ name, value }) => [name.slice('preset-'.length), value]))
}

/** Scopes that are written take the place of the preset's, and with them may go the one that brings a refresh token. */
function warnOfRefreshScopes(section: IniSection, preset: IniOption, findings: Findings): void {
  const written = section.options.find(({ name }) => name === 'scopes')
  const needed = findPreset(preset.value)?.refreshScopes ?? []
  const scopes = written && wordList('scope')(written.value)
  if (!scopes || 'problem' in scopes) return
  if (needed.length === 0 || needed.some((scope) => scopes.value.includes(scope))) return
  const message = `does not name ${inWords(needed)}, without which this service gives no refresh token; people would sign in again each time.`
  findings.warning({ line: written.line, section: section.name, option: 'scopes' }, message)
}

function isPresetsOnly(name: string): boolean {
  return Object.hasOwn(PRESETS_ONLY, name)
}
