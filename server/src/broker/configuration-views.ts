import { shownValue } from '../config/masked-text.ts'
import { OAUTH_CLIENT_OPTIONS } from '../config/oauth-clients-options.ts'
import { isHidden, OPTION_FORM } from '../config/option-form.ts'
import { looksLikeWords, type OptionTable } from '../config/option-table.ts'
import { findPreset, presetOptions } from '../config/presets.ts'
import type { WrittenOptions } from '../config/section-changes.ts'
import { hostOf, type Integration } from '../domain/integration.ts'
import { printable } from '../domain/states.ts'
import type { IntegrationTrouble } from '../store/store.ts'
import type {
  ConfigurationFinding,
  ConfigurationMark,
  ConfigurationOption,
  ConfiguredSection,
  SectionVariable,
  SectionView,
} from './broker-of-configuration.ts'

const TABLE: OptionTable = OAUTH_CLIENT_OPTIONS

/** Every option that a section may have, in the order of the form. */
export function optionsOfForm(): readonly ConfigurationOption[] {
  return Object.entries(OPTION_FORM).flatMap(([name, { isSecret = false, ...form }]) => {
    const row = Object.hasOwn(TABLE, name) ? TABLE[name] : undefined
    if (!row) return []
    const { required, default: byDefault, meaning, example } = row
    return [
      {
        ...{ name, ...form, isSecret, isRequired: required === true, meaning, example },
        ...(byDefault === undefined ? {} : { default: byDefault }),
      },
    ]
  })
}

/** The options of a section as they are written, secrets without their values. */
export function shownOptions(written: WrittenOptions): SectionView['options'] {
  // What is no option may be a piece of a secret, its name as well.
  const named = [...written].filter(([name]) => !isHidden(name) || Object.hasOwn(TABLE, name) || looksLikeWords(name))
  return named.map(([name, text]) => {
    const value = shownValue(name, text)
    return { name, isSecret: isHidden(name), ...(value === undefined ? {} : { value }) }
  })
}

/** What the preset of a section brings for options that are not written, and its variables. */
export function ofPreset(written: WrittenOptions): {
  readonly fromPreset: Readonly<Record<string, string>>
  readonly presetVariables: readonly SectionVariable[]
} {
  const id = written.get('preset')
  const preset = id === undefined ? undefined : findPreset(id)
  if (id === undefined || !preset) return { fromPreset: {}, presetVariables: [] }
  const variables = [...written].flatMap(([name, value]) => {
    return name.startsWith('preset-') ? [[name.slice('preset-'.length), value] as const] : []
  })
  const expansion = presetOptions(id, Object.fromEntries(variables))
  const brought = 'options' in expansion ? Object.entries(expansion.options) : []
  return {
    fromPreset: Object.fromEntries(brought.filter(([name]) => !written.has(name))),
    presetVariables: preset.variables.map(({ name, label, meaning, example, default: byDefault }) => ({
      ...{ name, label, meaning, example },
      ...(byDefault === undefined ? {} : { default: byDefault }),
    })),
  }
}

/** What a row of the list is made of. */
export interface RowFacts {
  readonly section: string
  readonly written: WrittenOptions
  readonly integration: Integration | undefined
  readonly people: number
  readonly trouble: IntegrationTrouble | undefined
  readonly findings: readonly ConfigurationFinding[]
  readonly change: ConfiguredSection['change'] | undefined
}

/** A section as a row of the list. */
export function rowOf(facts: RowFacts): ConfiguredSection {
  const { section, written, integration, people, change } = facts
  const preset = written.get('preset')
  const isDisabled = integration ? integration.isDisabled === true : written.get('enabled') === '0'
  return {
    ...{ section, name: printable(integration?.displayName ?? written.get('name') ?? section), isDisabled, people },
    mark: markOf(facts),
    ...(integration ? { uid: integration.uid, host: hostOf(integration.tokenUrl) } : {}),
    ...(preset === undefined ? {} : { preset: printable(preset) }),
    ...(change === undefined ? {} : { change }),
  }
}

function markOf({ section, integration, trouble, findings, change, written }: RowFacts): ConfigurationMark {
  const wrong = findings.find((finding) => finding.section === section && finding.severity === 'error')
  if (wrong) {
    const option = wrong.option === undefined ? '' : `${wrong.option} `
    return { tone: 'danger', label: 'Not right', explanation: `${option}${wrong.message}` }
  }
  if (change === 'removed') return { tone: 'neutral', label: 'Removed, not deployed' }
  if (change === 'added') return { tone: 'neutral', label: 'Not deployed' }
  if (integration?.isDisabled || written.get('enabled') === '0') return { tone: 'neutral', label: 'Switched off' }
  if (!integration || !trouble) return { tone: 'ok', label: 'On' }
  const host = hostOf(integration.tokenUrl)
  const since = `since {time:${trouble.since.toISOString()}} (${printable(trouble.words)})`
  const explanation =
    trouble.kind === 'client'
      ? `${host} refuses the client ID or secret ${since}; stored sign-ins are kept.`
      : `Benchkey cannot connect safely to ${host} ${since}; stored sign-ins are kept.`
  return { tone: 'danger', label: 'Configuration error', explanation }
}
