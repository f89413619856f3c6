import { readFileSync } from 'node:fs'
import { editDistance } from '../domain/edit-distance.ts'
import type { Preset } from '../domain/preset.ts'
import { nearestName } from './nearest.ts'
import { variableProblem, withVariables } from './preset-variables.ts'
import { readPresets } from './presets-conf.ts'

/** What a preset is for one section, or what keeps it from being that. */
export type PresetExpansion =
  | { readonly options: Readonly<Record<string, string>> }
  | { readonly problems: readonly PresetProblem[] }

/** What is wrong with the use of a preset. */
export interface PresetProblem {
  /** Without `preset-`; absent: the preset itself. */
  readonly variable?: string
  /** As the message of a finding about `preset` or `preset-<variable>`; never repeats a value. */
  readonly message: string
}

let presets: readonly Preset[] | undefined

/** The known providers, by name. Read from `presets.conf` once. */
export function listPresets(): readonly Preset[] {
  presets ??= readPresets(readFileSync(new URL('presets.conf', import.meta.url)))
  return presets
}

/** A known provider by its ID. */
export function findPreset(id: string): Preset | undefined {
  return listPresets().find((preset) => preset.id === id)
}

/** The options that a preset brings, with the values of its variables (names without `preset-`), or all problems at once. */
export function presetOptions(id: string, variables: Readonly<Record<string, string>>): PresetExpansion {
  const preset = findPreset(id)
  if (!preset) return { problems: [{ message: `names no known preset. ${nearestPreset(id)}` }] }
  const problems: PresetProblem[] = []
  const values: Record<string, string> = {}
  for (const variable of preset.variables) {
    const { name, example, meaning } = variable
    const value = Object.hasOwn(variables, name) ? variables[name] : variable.default
    if (value === undefined) {
      problems.push({ message: `needs preset-${name} beside it, such as preset-${name}=${example}. ${meaning}` })
      continue
    }
    const message = variableProblem(variable, value)
    if (message === undefined) values[name] = value
    else problems.push({ variable: name, message })
  }
  for (const name of Object.keys(variables)) {
    if (!preset.variables.some((variable) => variable.name === name)) {
      problems.push({ variable: name, message: unknownVariable(preset, name) })
    }
  }
  if (problems.length > 0) return { problems }
  const options = Object.entries(preset.options).map(([option, text]) => [option, withVariables(text, values)])
  return { options: Object.fromEntries(options) as Record<string, string> }
}

/** Which preset may be meant by a name that none has: first of all one with a typing error, else one that was shortened. */
export function nearestPreset(written: string): string {
  const id = written.slice(0, LONGEST_COMPARED).toLowerCase()
  const ids = listPresets().map((preset) => preset.id)
  const byErrors = ids.toSorted((a, b) => editDistance(id, a, 1) - editDistance(id, b, 1))[0] ?? ''
  const shortened = nearestName(id, ids)
  const isError = editDistance(id, byErrors, 1) <= MOST_TYPING_ERRORS
  const hint = isError || !shortened.isLikely ? byErrors : shortened.name
  const words = isError || shortened.isLikely ? `Did you mean ${hint}?` : `The nearest known one is ${hint}.`
  return `${words} benchkey preset list shows them all.`
}

const MOST_TYPING_ERRORS = 2
/** As in `nearest.ts`. */
const LONGEST_COMPARED = 64

function unknownVariable({ id, variables }: Preset, name: string): string {
  if (variables.length === 0) return `is of no use: the preset ${id} has no variables; remove the line.`
  const nearest = nearestName(
    name,
    variables.map((variable) => variable.name),
  )
  return `is not a variable of the preset ${id}; it has ${variables.map((variable) => `preset-${variable.name}`).join(', ')}. ${
    nearest.isTypingError ? `Did you mean preset-${nearest.name}?` : 'Remove the line.'
  }`
}
