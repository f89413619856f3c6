import type { PageFinding, PageOption, PageSection, PageSectionCheck, PageSectionEdit } from '@benchkey/sdk/configuration-pages'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { configurationApi } from '../../../configuration-api.ts'
import {
  changesAnything,
  editOf,
  isWritten,
  type Saved,
  type SortedFindings,
  saidOf,
  shownValue,
  sortFindings,
  type Typed,
  writtenOf,
  writtenValue,
} from '../../../section-edits.ts'
import { useSettled } from '../../../use-settled.ts'

/** Typing rests so long before it is checked, in milliseconds. */
const REST_MS = 300

/** What a form holds beyond the section itself. */
export interface FormState {
  /** Undefined: as the section has it. */
  readonly header: string | undefined
  readonly typed: Typed
  /** What was written when an option was first touched. */
  readonly seen: Readonly<Record<string, string | undefined>>
  /** The file that the form was filled from when typing began. */
  readonly basedOn: string | undefined
  /** What the form said when a secret was typed last: another window may lead the section elsewhere while the form still holds it. */
  readonly typedOn: Readonly<Record<string, string>> | undefined
  /** What this form had kept as a draft. */
  readonly saved: Saved
  /** Options that were left once, so that what is wrong with an empty one may be told. */
  readonly left: ReadonlySet<string>
}

/** A form that nobody touched. */
export const UNTOUCHED: FormState = {
  ...{ header: undefined, typed: {}, seen: {}, basedOn: undefined, typedOn: undefined, saved: {}, left: new Set() },
}

interface FormParts {
  /** The section as the server holds it; undefined: a new one. */
  readonly baseline: PageSection | undefined
  readonly options: readonly PageOption[]
  readonly state: FormState
  readonly setState: (change: (before: FormState) => FormState) => void
  /** Whether all that is wrong is shown, on fields that nobody touched, too. */
  readonly showsAll: boolean
  readonly isReadOnly: boolean
}

/** The form of a section: what its fields show, what is wrong with them, and what saving would change. */
export interface SectionFormModel extends FormParts {
  readonly header: string
  readonly edit: PageSectionEdit
  readonly isDirty: boolean
  readonly check: PageSectionCheck | undefined
  /** Why nothing could be checked. */
  readonly checkError: unknown
  readonly findings: SortedFindings
  readonly fromPreset: Readonly<Record<string, string>>
  readonly setHeader: (header: string) => void
  readonly type: (name: string, text: string | null) => void
  /** Takes back what was typed for an option. */
  readonly forget: (name: string) => void
  readonly leave: (name: string) => void
}

/** Puts what is written and what is typed together, and has it checked while one types. */
export function useSectionForm(parts: FormParts): SectionFormModel {
  const { baseline, options, state, setState, isReadOnly } = parts
  const secrets = useMemo(() => new Set(options.filter(({ isSecret }) => isSecret).map(({ name }) => name)), [options])
  const header = state.header ?? baseline?.section ?? ''
  const basedOn = state.basedOn ?? baseline?.basedOn
  const edit = {
    ...editOf(baseline, header, state.typed, secrets),
    ...(basedOn === undefined ? {} : { basedOn }),
    ...(state.typedOn === undefined ? {} : { typedWith: saidOf(state.typedOn, state.typed, secrets) }),
  }
  const { data: check, error } = useCheck(edit, baseline?.section, !isReadOnly)
  return {
    ...parts,
    header,
    edit,
    isDirty: changesAnything(baseline, edit),
    check,
    checkError: error,
    findings: sortFindings(check?.findings ?? baseline?.findings ?? [], [edit.section, baseline?.section]),
    fromPreset: check?.fromPreset ?? baseline?.fromPreset ?? {},
    setHeader: (text) => setState((before) => ({ ...before, basedOn: before.basedOn ?? baseline?.basedOn, header: text })),
    type: (name, text) =>
      setState((before) => ({
        ...before,
        basedOn: before.basedOn ?? baseline?.basedOn,
        typed: { ...before.typed, [name]: text },
        typedOn: secrets.has(name) ? saidOf(writtenOf(baseline), state.typed, secrets) : before.typedOn,
        seen: name in before.seen ? before.seen : { ...before.seen, [name]: writtenValue(baseline, name) },
      })),
    forget: (name) =>
      setState((before) => {
        const { [name]: _typed, ...typed } = before.typed
        const { [name]: _seen, ...seen } = before.seen
        return { ...before, typed, seen }
      }),
    leave: (name) =>
      setState((before) => (before.left.has(name) ? before : { ...before, left: new Set([...before.left, name]) })),
  }
}

/** The server's judgement of an edit; the one before stands until the next is there. */
function useCheck(edit: PageSectionEdit, was: string | undefined, isOn: boolean) {
  const settled = useSettled(JSON.stringify(edit), REST_MS)
  const settledEdit = useMemo(() => JSON.parse(settled) as PageSectionEdit, [settled])
  return useQuery({
    queryKey: ['configuration', 'check', was, settled],
    queryFn: () => configurationApi.check(settledEdit, was),
    enabled: isOn && settledEdit.section !== '',
    placeholderData: keepPreviousData,
    // It holds what was typed, secrets too.
    gcTime: 0,
  })
}

/** Everything a field of the form shows. */
export interface FieldModel {
  readonly value: string
  readonly isWritten: boolean
  /** Written, never read. */
  readonly isSecret: boolean
  /** A secret that is set and would be removed. */
  readonly isRemoved: boolean
  /** What holds while it is empty: the preset's. */
  readonly fromPreset: string | undefined
  readonly findings: readonly PageFinding[]
  /** What somebody else wrote since it was touched here. */
  readonly meanwhile: string | undefined
}

/** What a form's field shows for an option. */
export function fieldOf(form: SectionFormModel, name: string): FieldModel {
  const { baseline, state, showsAll } = form
  const typed = state.typed[name]
  const value = shownValue(baseline, state.typed, name)
  const written = writtenValue(baseline, name)
  const isQuiet = !showsAll && value === '' && !state.left.has(name) && (baseline === undefined || baseline.isNew)
  const known = [state.seen[name] ?? '', ...(state.saved[name] ?? []), value.trim()]
  const isMoved = typed !== undefined && name in state.seen && !known.includes(written ?? '')
  return {
    value,
    isWritten: isWritten(baseline, name),
    isSecret: form.options.some((option) => option.name === name && option.isSecret),
    isRemoved: typed === null,
    fromPreset: form.fromPreset[name],
    findings: isQuiet ? [] : (form.findings.byOption.get(name) ?? []),
    meanwhile: isMoved ? (written ?? '') : undefined,
  }
}

/** Whether the section says something of the option, once it is saved. */
export const isSet = ({ value, isWritten, isRemoved, isSecret }: FieldModel): boolean =>
  value.trim() !== '' || (isSecret && isWritten && !isRemoved)
