import type { PageFinding, PageOption, PagePreset, PageSection, PageSectionEdit } from '@benchkey/sdk/configuration-pages'

/** What was typed into a section's form, by option; null: to be removed. Options that nobody touched are absent. */
export type Typed = Readonly<Record<string, string | null>>

/** What a form is compared with: the section as the server holds it, or nothing for a new one. */
export type Baseline = Pick<PageSection, 'section' | 'options'> | undefined

/** The option that names a preset. */
export const PRESET = 'preset'

/** The option that **Disable** and **Enable** write. */
const ENABLED = 'enabled'

/** The option that holds a variable of a preset. */
export const variableOption = (variable: string): string => `preset-${variable}`

/** The value that is written; undefined when the option is not there, or is a secret. */
export const writtenValue = (baseline: Baseline, name: string): string | undefined =>
  baseline?.options.find((option) => option.name === name)?.value

/** Whether the option is written, with whatever value. */
export const isWritten = (baseline: Baseline, name: string): boolean =>
  baseline?.options.some((option) => option.name === name) ?? false

/** What a field shows. A secret shows only what was typed just now. */
export function shownValue(baseline: Baseline, typed: Typed, name: string): string {
  const text = typed[name]
  return text === undefined ? (writtenValue(baseline, name) ?? '') : (text ?? '')
}

/** What the form changes, and no more. Blanks around values go, as the file does not keep them either. */
export function editOf(
  baseline: Baseline,
  header: string,
  typed: Typed,
  secrets: ReadonlySet<string> = new Set(),
): PageSectionEdit {
  const options: Record<string, string | null> = {}
  for (const [name, raw] of Object.entries(typed)) {
    const text = raw === null ? null : raw.trim()
    const removes = text === null || (text === '' && !secrets.has(name))
    if (removes && isWritten(baseline, name)) options[name] = null
    else if (!removes && text !== '' && (secrets.has(name) || text !== writtenValue(baseline, name))) options[name] = text
  }
  return { section: header.trim(), options }
}

/** What a form says of its section beside its secrets, on what was written when they were typed. */
export function saidOf(
  written: Readonly<Record<string, string>>,
  typed: Typed,
  secrets: ReadonlySet<string>,
): Record<string, string> {
  const said = { ...written, ...Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, text?.trim() ?? ''])) }
  return Object.fromEntries(Object.entries(said).filter(([name, text]) => text !== '' && !secrets.has(name)))
}

/** Options by name, without those whose values are not shown. */
export const writtenOf = (baseline: Baseline): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (baseline?.options ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  )

/** Whether an edit changes anything of the section it belongs to. */
export const changesAnything = (baseline: Baseline, edit: PageSectionEdit): boolean =>
  Object.keys(edit.options).length > 0 || edit.section !== (baseline?.section ?? '')

/** Values that a form has had saved, by option: the newest last, before it the one that a page may still show for a moment. */
export type Saved = Readonly<Record<string, readonly string[]>>

/** What was saved, with what an edit saves. */
export function withSaved(saved: Saved, { options }: PageSectionEdit): Saved {
  const fresh = Object.entries(options).flatMap(([name, value]) =>
    value === null ? [] : [[name, [...(saved[name] ?? []).slice(-1), value]] as const],
  )
  return { ...saved, ...Object.fromEntries(fresh) }
}

/** What of an edit no draft holds yet. A secret is never read back, so what was sent of it is compared. */
export function unsavedOf(baseline: Baseline, edit: PageSectionEdit, saved: Saved): PageSectionEdit {
  const entries = Object.entries(edit.options).filter(
    ([name, value]) => !(value !== null && value === saved[name]?.at(-1) && isSecretOf(baseline, name)),
  )
  return { ...edit, options: Object.fromEntries(entries) }
}

const isSecretOf = (baseline: Baseline, name: string): boolean =>
  baseline?.options.some((option) => option.name === name && option.isSecret) ?? false

/** An edit without the removals that nothing typed can take back: of secrets, and of lines that the form has no field for. */
export function ownedBy(edit: PageSectionEdit, options: readonly PageOption[]): PageSectionEdit {
  const canBeTyped = (name: string): boolean =>
    name.startsWith('preset-') || options.some((option) => option.name === name && !option.isSecret)
  const entries = Object.entries(edit.options).filter(([name, value]) => value !== null || canBeTyped(name))
  return { ...edit, options: Object.fromEntries(entries) }
}

/** A header for a new section: "Box API Access" → "box-api-access", with a number where that is taken. */
export function proposedHeader(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  if (plain === '' || !taken.includes(plain)) return plain
  let number = 2
  while (taken.includes(`${plain}-${number}`)) number += 1
  return `${plain}-${number}`
}

/** Titles of the groups under **More options**, in their order. */
export const GROUPS: readonly { readonly group: PageOption['group']; readonly title: string }[] = [
  { group: 'client', title: 'Client' },
  { group: 'service', title: 'Addresses of the service' },
  { group: 'access', title: 'Access' },
  { group: 'people', title: 'People' },
  { group: 'requests', title: 'Requests' },
  { group: 'replies', title: 'Replies' },
  { group: 'renewal', title: 'Renewal' },
  { group: 'network', title: 'Network' },
]

/** What a group says of itself: "2 set · 1 from the preset · 1 with a remark"; nothing where nothing is. */
export function groupWords(count: { readonly set: number; readonly fromPreset: number; readonly findings: number }): string {
  return [
    ...(count.set > 0 ? [`${count.set} set`] : []),
    ...(count.fromPreset > 0 ? [`${count.fromPreset} from the preset`] : []),
    ...(count.findings > 0 ? [`${count.findings} with a remark`] : []),
  ].join('\u00a0· ')
}

/** Which options stand at once and which under **More options**, where each has one place. It does not follow what is typed, so that no field moves under the hand. */
export function sortOptions(
  options: readonly PageOption[],
  baseline: Baseline,
  fromPreset: Readonly<Record<string, string>>,
): { readonly atOnce: readonly PageOption[]; readonly more: readonly PageOption[] } {
  const standsAtOnce = ({ name, isUsual, isRequired }: PageOption): boolean =>
    isUsual && (isWritten(baseline, name) || (name !== ENABLED && !(isRequired && fromPreset[name] !== undefined)))
  const own = options.filter(({ name }) => name !== PRESET && !name.startsWith('preset-'))
  return { atOnce: own.filter(standsAtOnce), more: own.filter((option) => !standsAtOnce(option)) }
}

/** The preset that the form names now. */
export const presetOf = (presets: readonly PagePreset[] | undefined, baseline: Baseline, typed: Typed): PagePreset | undefined =>
  presets?.find(({ id }) => id === shownValue(baseline, typed, PRESET).trim())

/** A text of a preset with what is known for its `{redirect-uri}` and `{variable}` marks; the others stay. */
export const filledIn = (text: string, known: Readonly<Record<string, string>>): string =>
  text.replace(/\{([a-z-]+)\}/g, (mark, name: string) => (known[name] ? known[name] : mark))

/** What the form knows of a preset's variables: what was typed, is written, or holds by default. */
export const variablesOf = (preset: PagePreset, baseline: Baseline, typed: Typed): Readonly<Record<string, string>> =>
  Object.fromEntries(
    preset.variables.map(({ name, default: fallback }) => [
      name,
      shownValue(baseline, typed, variableOption(name)).trim() || (fallback ?? ''),
    ]),
  )

/** Findings of a form: by option, about the section as a whole, and those of the rest of the file. */
export interface SortedFindings {
  readonly byOption: ReadonlyMap<string, readonly PageFinding[]>
  readonly ofSection: readonly PageFinding[]
  readonly elsewhere: readonly PageFinding[]
}

/** What a preset misses is said of `preset`, and belongs to the field of the variable. */
function atVariable(finding: PageFinding): PageFinding {
  const variable = finding.option === PRESET ? /(?<![\w-])preset-[a-z]+(?![\w-])/.exec(finding.message)?.[0] : undefined
  return variable === undefined ? finding : { ...finding, option: variable, message: `The preset ${finding.message}` }
}

/** Sorts findings for the form of the sections named (its header as typed, and as it was). */
export function sortFindings(findings: readonly PageFinding[], own: readonly (string | undefined)[]): SortedFindings {
  const byOption = new Map<string, PageFinding[]>()
  const ofSection: PageFinding[] = []
  const elsewhere: PageFinding[] = []
  for (const finding of findings.map(atVariable)) {
    if (finding.section === undefined || !own.includes(finding.section)) elsewhere.push(finding)
    else if (finding.option === undefined) ofSection.push(finding)
    else byOption.set(finding.option, [...(byOption.get(finding.option) ?? []), finding])
  }
  return { byOption, ofSection, elsewhere }
}

/** "2 changes not deployed". */
export const changesWords = (count: number): string => `${count === 1 ? '1 change' : `${count} changes`} not deployed`

/** "34 people", "1 person", "nobody". */
export function peopleWords(people: number): string {
  if (people === 0) return 'nobody signed in'
  return people === 1 ? '1 person' : `${people.toLocaleString('en-US')} people`
}
