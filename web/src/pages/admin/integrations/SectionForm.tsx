import type { PagePreset, PagePresetVariable } from '@benchkey/sdk/configuration-pages'
import { TriangleAlert } from 'lucide-react'
import { useId, useState } from 'react'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { PRESET, presetOf, shownValue, sortOptions, variableOption } from '../../../section-edits.ts'
import { FindingLine, FindingList } from './Findings.tsx'
import { MoreOptions } from './MoreOptions.tsx'
import { aboutId, FieldFrame, HeaderField, OptionField, PlainField, UnknownLine } from './OptionField.tsx'
import type { SectionFormModel } from './use-section-form.ts'

interface SectionFormProps {
  readonly form: SectionFormModel
  readonly presets: readonly PagePreset[]
  /** Whether the preset can be chosen here; otherwise that was done before. */
  readonly choosesPreset: boolean
  /** What the chosen preset brought when the form was opened, so that no field moves under the hand. */
  readonly brought: Readonly<Record<string, string>>
  readonly file: string
}

/** The fields of a section: the usual ones at once, the others by group under **More options**. */
export function SectionForm({ form, presets, choosesPreset, brought, file }: SectionFormProps) {
  const [sorted] = useState(() => sortOptions(form.options, form.baseline, brought))
  const name = sorted.atOnce.find((option) => option.name === 'name')
  const preset = presetOf(presets, form.baseline, form.state.typed)
  const variables = preset?.variables ?? form.baseline?.presetVariables ?? []
  const shown = new Set([
    ...[...sorted.atOnce, ...sorted.more].map((option) => option.name),
    ...variables.map((variable) => variableOption(variable.name)),
    ...(choosesPreset ? [PRESET] : []),
  ])
  return (
    <>
      <div className="form-fields">
        {name ? <OptionField option={name} form={form} /> : null}
        <HeaderField form={form} />
        {choosesPreset ? <PresetChoice form={form} presets={presets} /> : null}
        <Variables form={form} variables={variables} />
        <Leftovers form={form} shown={shown} />
        {form.check?.secretNeeded === undefined ? null : (
          <p className="explanation explanation-warn secret-needed" role="status">
            <TriangleAlert size={16} className="mark" aria-hidden="true" />
            <span>{form.check.secretNeeded}</span>
          </p>
        )}
        {sorted.atOnce
          .filter((option) => option !== name)
          .map((option) => (
            <OptionField key={option.name} option={option} form={form} />
          ))}
      </div>
      <MoreOptions form={form} options={sorted.more} above={sorted.atOnce} />
      <ErrorLine error={form.checkError} />
      <FindingList title="Elsewhere in the files" findings={form.findings.elsewhere} file={file} />
    </>
  )
}

/** Fields for what a preset asks: the tenant, the host. */
export function Variables({
  form,
  variables,
}: {
  readonly form: SectionFormModel
  readonly variables: readonly PagePresetVariable[]
}) {
  return variables.map((variable) => (
    <PlainField
      key={variable.name}
      name={variableOption(variable.name)}
      label={variable.label}
      hint={hintOf(variable)}
      isRequired={variable.default === undefined}
      form={form}
    />
  ))
}

function hintOf({ meaning, example, default: fallback }: PagePresetVariable): string {
  return fallback === undefined ? `${meaning} For example \`${example}\`.` : `${meaning} Empty: \`${fallback}\`.`
}

/** What has no field: lines that are no option of Benchkey's, to be removed, and findings about an option that cannot be set here. */
function Leftovers({ form, shown }: { readonly form: SectionFormModel; readonly shown: ReadonlySet<string> }) {
  const lines = (form.baseline?.options ?? []).filter(({ name }) => !shown.has(name) && name !== PRESET).map(({ name }) => name)
  const others = [...form.findings.byOption].filter(([name]) => !shown.has(name) && !lines.includes(name))
  return (
    <>
      {lines.map((name) => (
        <UnknownLine key={name} name={name} form={form} />
      ))}
      {others.flatMap(([name, findings]) =>
        findings.map((finding) => <FindingLine key={`${name} ${finding.message}`} finding={finding} subject={name} />),
      )}
    </>
  )
}

function PresetChoice({ form, presets }: { readonly form: SectionFormModel; readonly presets: readonly PagePreset[] }) {
  const id = useId()
  const value = shownValue(form.baseline, form.state.typed, PRESET)
  return (
    <FieldFrame
      id={id}
      label="Preset"
      findings={form.findings.byOption.get(PRESET) ?? []}
      hint="What is known of a provider: its addresses and its ways. What is written here wins."
    >
      <select
        id={id}
        name={PRESET}
        className="input"
        value={value}
        disabled={form.isReadOnly}
        aria-describedby={aboutId(id)}
        onChange={(event) => form.type(PRESET, event.currentTarget.value)}
      >
        <option value="">None: everything is written here</option>
        {value !== '' && !presets.some((preset) => preset.id === value) ? <option value={value}>{value}</option> : null}
        {presets.map((preset) => (
          <option key={preset.id} value={preset.id}>
            {preset.name}
          </option>
        ))}
      </select>
    </FieldFrame>
  )
}
