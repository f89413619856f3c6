import type { PageFinding, PageOption } from '@benchkey/sdk/configuration-pages'
import { type ReactNode, useId } from 'react'
import { Button } from '../../../components/Button.tsx'
import { CodeText } from './CodeText.tsx'
import { FindingLine } from './Findings.tsx'
import { type FieldModel, fieldOf, type SectionFormModel } from './use-section-form.ts'

interface FieldFrameProps {
  readonly id: string
  readonly label: string
  readonly isRequired?: boolean
  readonly hint: ReactNode
  readonly findings: readonly PageFinding[]
  readonly children: ReactNode
}

/** ID of the text that says everything about a field. */
export const aboutId = (id: string): string => `${id}-about`

/** Label, field, what it is for, and what is wrong with it. */
export function FieldFrame({ id, label, isRequired, hint, findings, children }: FieldFrameProps) {
  return (
    <div className="field option">
      <label className="field-label" htmlFor={id}>
        {label}
        {isRequired ? null : <span className="optional"> optional</span>}
      </label>
      {children}
      <div id={aboutId(id)} className="option-about">
        <div aria-live="polite" className="option-findings">
          {findings.map((finding) => (
            <FindingLine key={finding.message} finding={finding} subject={label} />
          ))}
        </div>
        <p className="secondary">{hint}</p>
      </div>
    </div>
  )
}

const isWrong = (findings: readonly PageFinding[]): boolean => findings.some(({ severity }) => severity === 'error')

/** The field of one option, by what is known of it. */
export function OptionField({ option, form }: { readonly option: PageOption; readonly form: SectionFormModel }) {
  const id = useId()
  const field = fieldOf(form, option.name)
  if (option.onlyInFile !== undefined) return <FileOnly option={option} field={field} reason={option.onlyInFile} />
  const required = option.isRequired && field.fromPreset === undefined
  return (
    <FieldFrame
      id={id}
      label={option.label}
      isRequired={required || option.isSecret}
      findings={field.findings}
      hint={<Hint option={option} field={field} />}
    >
      {option.isSecret ? <SecretInput id={id} option={option} field={field} form={form} /> : null}
      {!option.isSecret && option.choices ? (
        <Choice id={id} option={option} field={field} form={form} choices={option.choices} />
      ) : null}
      {option.isSecret || option.choices ? null : <TextInput id={id} option={option} field={field} form={form} />}
    </FieldFrame>
  )
}

interface InputProps {
  readonly id: string
  readonly option: Pick<PageOption, 'name' | 'default' | 'isRequired'>
  readonly field: FieldModel
  readonly form: SectionFormModel
}

const shared = ({ id, option: { name }, field, form }: InputProps) => ({
  id,
  name,
  className: 'input',
  value: field.value,
  disabled: form.isReadOnly,
  'aria-describedby': aboutId(id),
  'aria-invalid': isWrong(field.findings) || undefined,
  onBlur: () => form.leave(name),
})

function TextInput(props: InputProps) {
  const { option, field, form } = props
  return (
    <input
      {...shared(props)}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      placeholder={field.fromPreset}
      onChange={(event) => form.type(option.name, event.currentTarget.value)}
    />
  )
}

/** 1 and 0 are yes and no in every file. */
function choiceWords(choice: string): string {
  if (choice === '1') return '1: yes'
  return choice === '0' ? '0: no' : choice
}

function Choice({ choices, ...props }: InputProps & { readonly choices: readonly string[] }) {
  const { option, field, form } = props
  const byDefault = option.default === undefined ? undefined : choiceWords(option.default)
  const holds = field.fromPreset === undefined ? byDefault : `${choiceWords(field.fromPreset)}, from the preset`
  const isUnknown = field.value !== '' && !choices.includes(field.value)
  return (
    <select {...shared(props)} onChange={(event) => form.type(option.name, event.currentTarget.value)}>
      <option value="">{holds === undefined ? 'Not written' : `Not written: ${holds}`}</option>
      {isUnknown ? <option value={field.value}>{field.value}</option> : null}
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choiceWords(choice)}
        </option>
      ))}
    </select>
  )
}

/** Written, never read. */
function SecretInput(props: InputProps) {
  const { option, field, form } = props
  if (field.isRemoved) {
    return (
      <p className="secret-removed">
        <span>It will be removed.</span>
        <Button onClick={() => form.forget(option.name)}>Keep it</Button>
      </p>
    )
  }
  const mayRemove = field.isWritten && !form.isReadOnly && field.value === ''
  return (
    <div className="secret-line">
      <input
        {...shared(props)}
        type="password"
        autoComplete="new-password"
        placeholder={field.isWritten ? 'Set. Type a new one to change it.' : undefined}
        onChange={(event) => form.type(option.name, event.currentTarget.value)}
      />
      {mayRemove ? (
        <Button aria-label={`Remove ${option.name}`} onClick={() => form.type(option.name, null)}>
          Remove
        </Button>
      ) : null}
    </div>
  )
}

function Hint({ option, field }: { readonly option: PageOption; readonly field: FieldModel }) {
  return (
    <>
      <code>{option.name}</code>: <CodeText text={option.meaning} />
      {field.fromPreset === undefined ? null : (
        <>
          {' '}
          Empty: <code>{field.fromPreset}</code>, from the preset.
        </>
      )}
      {field.fromPreset === undefined && option.default !== undefined && option.choices === undefined ? (
        <>
          {' '}
          Empty: <CodeText text={option.default} />.
        </>
      ) : null}
      {field.meanwhile === undefined ? null : <Meanwhile written={field.meanwhile} />}
    </>
  )
}

function Meanwhile({ written }: { readonly written: string }) {
  return (
    <>
      {' '}
      <strong>
        Somebody else changed it meanwhile: {written === '' ? 'it is not written any more' : <code>{written}</code>}. The review
        asks whose stays.
      </strong>
    </>
  )
}

/** An option that cannot be changed here, and why. */
function FileOnly({
  option,
  field,
  reason,
}: {
  readonly option: PageOption
  readonly field: FieldModel
  readonly reason: string
}) {
  return (
    <div className="field option">
      <span className="field-label">{option.label}</span>
      {field.value === '' ? null : <code>{field.value}</code>}
      <p className="secondary">
        <code>{option.name}</code>: <CodeText text={option.meaning} /> Only in the file: <CodeText text={reason} />
      </p>
      {field.findings.map((finding) => (
        <FindingLine key={finding.message} finding={finding} subject={option.label} />
      ))}
    </div>
  )
}

interface PlainFieldProps {
  readonly name: string
  readonly label: string
  readonly hint: string
  readonly isRequired: boolean
  readonly form: SectionFormModel
}

/** A field for an option that the table of options does not know: a variable of a preset. */
export function PlainField({ name, label, hint, isRequired, form }: PlainFieldProps) {
  const id = useId()
  const field = fieldOf(form, name)
  return (
    <FieldFrame id={id} label={label} isRequired={isRequired} hint={<CodeText text={hint} />} findings={field.findings}>
      <TextInput id={id} option={{ name, isRequired }} field={field} form={form} />
    </FieldFrame>
  )
}

/** The field of the section's header. */
export function HeaderField({ form }: { readonly form: SectionFormModel }) {
  const id = useId()
  const isNew = form.baseline === undefined || form.baseline.isNew
  return (
    <FieldFrame
      id={id}
      label="Section header"
      isRequired
      findings={form.findings.ofSection}
      hint={
        isNew
          ? 'Stands in brackets in the file and in links; people may name the integration by it in their code.'
          : 'Another header renames the section. Its Integration ID and people’s sign-ins stay.'
      }
    >
      <input
        id={id}
        name="section"
        className="input"
        value={form.header}
        disabled={form.isReadOnly}
        aria-describedby={aboutId(id)}
        aria-invalid={isWrong(form.findings.ofSection) || undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required
        onChange={(event) => form.setHeader(event.currentTarget.value)}
      />
    </FieldFrame>
  )
}

/** A line of the section that is no option here: it can only be removed. */
export function UnknownLine({ name, form }: { readonly name: string; readonly form: SectionFormModel }) {
  const field = fieldOf(form, name)
  return (
    <div className="field option">
      <span className="field-label">
        <code>{name}</code>
      </span>
      {field.findings.map((finding) => (
        <FindingLine key={finding.message} finding={finding} subject={name} />
      ))}
      <p className="secondary">It stands in the section, but is no option that can be set here.</p>
      {form.isReadOnly ? null : (
        <div className="button-line">
          {field.isRemoved ? (
            <Button aria-label={`Keep it: ${name}`} onClick={() => form.forget(name)}>
              Keep it
            </Button>
          ) : (
            <Button aria-label={`Remove ${name}`} onClick={() => form.type(name, null)}>
              Remove
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
