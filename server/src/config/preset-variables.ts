import type { PresetVariable, PresetVariableKind } from '../domain/preset.ts'
import { inWords } from './values.ts'

/** RFC 1123 §2.1, and underscores inside, which some services have in account names. */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?'
/** RFC 3986 §2.3 without a full stop in front, so that no `..` leads out of a path. */
const SEGMENT = '[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}'

const PATTERNS: Readonly<Record<Exclude<PresetVariableKind, 'choice'>, RegExp>> = {
  label: new RegExp(`^${LABEL}$`),
  labels: new RegExp(`^${LABEL}(?:\\.${LABEL}){0,7}$`),
  server: new RegExp(`^${LABEL}(?:\\.${LABEL}){0,15}(?::[1-9][0-9]{0,4})?(?:/${SEGMENT}){0,8}$`),
  segment: new RegExp(`^${SEGMENT}$`),
}

const MEANT: Readonly<Record<keyof typeof PATTERNS, string>> = {
  label: 'letters, digits and hyphens alone',
  labels: 'letters, digits and hyphens, with full stops between them',
  server: 'a host, with its port and base path if it has some, and without https://',
  segment: 'letters, digits, ".", "_", "~" and "-" alone',
}

/** What is wrong with the value of a variable, without repeating it; undefined when it may stand in the preset's URLs. */
export function variableProblem({ kind, choices, example }: PresetVariable, value: string): string | undefined {
  if (value === '') return `has no value; write one such as ${example}.`
  if (kind === 'choice') {
    return choices.includes(value) ? undefined : `is not one of the known values; write ${inWords(choices)}.`
  }
  return PATTERNS[kind].test(value) ? undefined : `is not ${MEANT[kind]}; write such as ${example}.`
}

/** A text of a preset with the values of its variables put in. */
export function withVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : whole))
}
