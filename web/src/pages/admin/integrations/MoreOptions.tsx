import type { PageOption } from '@benchkey/sdk/configuration-pages'
import { useId, useMemo, useRef, useState } from 'react'
import { Button } from '../../../components/Button.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { useKeys } from '../../../keys.ts'
import { GROUPS, groupWords } from '../../../section-edits.ts'
import { matches } from '../../../words.ts'
import { OptionField } from './OptionField.tsx'
import { fieldOf, isSet, type SectionFormModel } from './use-section-form.ts'

interface MoreOptionsProps {
  readonly form: SectionFormModel
  readonly options: readonly PageOption[]
  /** Those that stand above, so that they are found from here, too. */
  readonly above: readonly PageOption[]
}

/** Everything else that a section may hold: by group, each closed until something in it is written or wrong, and found by name. */
export function MoreOptions({ form, options, above }: MoreOptionsProps) {
  const id = useId()
  const [filter, setFilter] = useState('')
  const section = useRef<HTMLElement>(null)
  const finder = useRef<HTMLInputElement>(null)
  useKeys(useMemo(() => ({ '/': () => finder.current?.focus() }), []))
  if (options.length === 0) return null
  const isFinding = filter.trim() !== ''
  const found = options.filter(({ name, label, meaning }) => matches(filter, [name, label, meaning]))
  const foundAbove = isFinding ? above.filter(({ name, label }) => matches(filter, [name, label])) : []
  const jumpTo = (name: string | undefined): void => {
    if (name !== undefined) section.current?.closest('form')?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus()
  }
  return (
    <section ref={section} className="more-options" aria-labelledby={id}>
      <h3 id={id}>More options</h3>
      <FilterField
        ref={finder}
        label="Find an option"
        value={filter}
        onChange={setFilter}
        onEnter={() => isFinding && jumpTo([...foundAbove, ...found].find(({ onlyInFile }) => onlyInFile === undefined)?.name)}
      />
      <FoundAbove options={foundAbove} onJump={jumpTo} />
      <div>
        {GROUPS.map(({ group, title }) => {
          const [own, shown] = [options, found].map((each) => each.filter((option) => option.group === group))
          return own?.length && shown?.length ? (
            <OptionGroup key={group} title={title} form={form} options={own} shown={shown} isFinding={isFinding} />
          ) : null
        })}
      </div>
      <p role="status" className={found.length + foundAbove.length === 0 ? 'secondary' : 'visually-hidden'}>
        {isFinding ? foundWords(found.length + foundAbove.length, filter) : ''}
      </p>
    </section>
  )
}

function foundWords(count: number, filter: string): string {
  if (count === 0) return `No option matches “${filter}”.`
  return count === 1 ? '1 option found' : `${count} options found`
}

interface FoundAboveProps {
  readonly options: readonly PageOption[]
  readonly onJump: (name: string) => void
}

function FoundAbove({ options, onJump }: FoundAboveProps) {
  if (options.length === 0) return null
  return (
    <p className="button-line found-above">
      <span className="secondary">Above:</span>
      {options.map(({ name, label }) => (
        <Button key={name} onClick={() => onJump(name)}>
          {label}
        </Button>
      ))}
    </p>
  )
}

interface OptionGroupProps {
  readonly title: string
  readonly form: SectionFormModel
  /** All of the group: closed, it says what is set in it. */
  readonly options: readonly PageOption[]
  /** Those that are looked for. */
  readonly shown: readonly PageOption[]
  readonly isFinding: boolean
}

function OptionGroup({ title, form, options, shown, isFinding }: OptionGroupProps) {
  const id = useId()
  const fields = options.map((option) => fieldOf(form, option.name))
  const set = fields.filter(isSet).length
  const findings = fields.filter((field) => field.findings.length > 0).length
  const [isOpen, setOpen] = useState(set > 0)
  const [hadFindings, setHadFindings] = useState(false)
  // Not in an effect: the field that is wrong gets the focus as soon as it stands there.
  if (findings > 0 !== hadFindings) {
    setHadFindings(findings > 0)
    if (findings > 0) setOpen(true)
  }
  const fromPreset = fields.filter((field) => !isSet(field) && field.fromPreset !== undefined).length
  return (
    <details
      className="option-group"
      open={isOpen || isFinding}
      onToggle={(event) => {
        // What is found stands open whatever the group was before.
        if (!isFinding) setOpen(event.currentTarget.open)
      }}
    >
      <summary>
        <h4 id={id} className="option-group-title">
          {title}
        </h4>
        <span className="secondary">{groupWords({ set, fromPreset, findings })}</span>
        <span className="secondary option-group-labels" aria-hidden="true">
          {options.map(({ label }) => label).join(', ')}
        </span>
      </summary>
      {/* biome-ignore lint/a11y/useSemanticElements: the heading is in the summary, where a legend cannot stand. */}
      <div role="group" className="form-fields" aria-labelledby={id}>
        {shown.map((option) => (
          <OptionField key={option.name} option={option} form={form} />
        ))}
      </div>
    </details>
  )
}
