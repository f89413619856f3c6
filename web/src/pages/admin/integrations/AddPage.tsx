import type { PageConfiguration, PageOption, PagePreset, PageSection, PageSectionEdit } from '@benchkey/sdk/configuration-pages'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonLines } from '../../../components/Skeleton.tsx'
import { configurationApi, configurationQuery, optionsQuery, presetsQuery, sectionQuery } from '../../../configuration-api.ts'
import { useLeaveQuestion } from '../../../leave-guard.ts'
import { pagePaths } from '../../../paths.ts'
import { queryClient } from '../../../queries.ts'
import { PRESET, presetOf, proposedHeader, type Typed, variableOption } from '../../../section-edits.ts'
import { ReadOnlyNote } from './Bars.tsx'
import { LeaveDialog } from './LeaveDialog.tsx'
import { PageHead } from './PageHead.tsx'
import { PasteStep } from './PasteStep.tsx'
import { PresetPicker, RegisterStep } from './RegisterStep.tsx'
import { Steps } from './Steps.tsx'
import { TestStep } from './TestStep.tsx'
import { useAutosave } from './use-autosave.ts'
import { type FormState, UNTOUCHED, useSectionForm } from './use-section-form.ts'

/**
 * Adds an integration in three steps; the address says which: `?preset=`, `&step=2`, and `?section=` from when it is kept as a change,
 * so that Back and a reload lose nothing of that.
 */
export function AddPage() {
  const [search] = useSearchParams()
  const configuration = useQuery(configurationQuery)
  const options = useQuery(optionsQuery)
  const presets = useQuery(presetsQuery)
  const [made, setMade] = useState<Made>()
  // Back from a section that was kept while one typed leads to an address that does not know of it yet.
  const kept = search.get('section') ?? (made && made.choice === search.get('preset') ? made.section : null)
  const section = useQuery({ ...sectionQuery(kept ?? ''), enabled: kept !== null })
  const error = configuration.error ?? options.error ?? presets.error ?? section.error
  const isThere = configuration.data && options.data && presets.data && (kept === null || section.data)
  return (
    <>
      <PageHead title="Add an integration" />
      {configuration.data ? <ReadOnlyNote configuration={configuration.data} /> : null}
      <ErrorLine error={error} />
      {isThere && configuration.data.readOnly === undefined ? (
        <Adding
          configuration={configuration.data}
          options={options.data.options}
          presets={presets.data.presets}
          kept={kept === null ? undefined : section.data}
          onMade={setMade}
        />
      ) : null}
      {isThere || error ? null : <SkeletonLines lines={12} />}
    </>
  )
}

/** A section that was kept while one typed, and the choice that it began with. */
interface Made {
  readonly choice: string | null
  readonly section: string
}

interface AddingProps {
  readonly configuration: PageConfiguration
  readonly options: readonly PageOption[]
  readonly presets: readonly PagePreset[]
  /** The section once it is kept as a change. */
  readonly kept: PageSection | undefined
  readonly onMade: (made: Made) => void
}

const isAddPage = (path: string): boolean => path === pagePaths.adminAddIntegration

/** Everything the three steps have in common: what was typed stays while one goes back and forth between them. */
function Adding({ configuration, options, presets, kept, onMade }: AddingProps) {
  const [, navigate] = useLocation()
  const [search] = useSearchParams()
  const [state, setState] = useState<FormState>(UNTOUCHED)
  const [showsAll, setShowsAll] = useState(false)
  const choice = kept ? (presetOf(presets, kept, {})?.id ?? 'none') : search.get('preset')
  const [secretsFor, setSecretsFor] = useState(choice)
  if (choice !== null && choice !== secretsFor) {
    setSecretsFor(choice)
    setState((before) => withoutSecrets(before, options))
  }
  const preset = presets.find(({ id }) => id === choice)
  const filled = kept ? state : withProposals(state, preset, configuration)
  const form = useSectionForm({ ...{ baseline: kept, options, state: filled, setState, showsAll }, isReadOnly: false })
  const step = stepOf(search.get('step'), choice !== null, kept !== undefined)
  const save = async (edit: PageSectionEdit): Promise<PageConfiguration> => {
    const saved = await configurationApi.save(edit, kept?.section)
    if (kept) return saved
    // The page goes on with it only when it is there, so that no field goes away under the hand.
    await queryClient.prefetchQuery(sectionQuery(edit.section))
    onMade({ choice, section: edit.section })
    navigate(`${pagePaths.adminAddIntegration}?section=${encodeURIComponent(edit.section)}&step=2`, { replace: true })
    return saved
  }
  // The name comes first, and the header is made of it as long as nothing else is typed.
  const hasMore = Object.entries(state.typed).some(([name, text]) => name !== 'name' && text !== null && text.trim() !== '')
  const autosave = useAutosave(form, save, step === 2 && hasMore)
  const hasTyped = hasMore || state.header !== undefined || (state.typed.name ?? '').trim() !== ''
  const question = useLeaveQuestion(hasTyped && autosave.isUnsaved, useCallback(isAddPage, []))
  const shared = { form, configuration, preset }
  return (
    <>
      <Steps step={step} />
      {step === 1 && choice === null ? <PresetPicker presets={presets} /> : null}
      {step === 1 && choice !== null ? <RegisterStep {...shared} choice={choice} /> : null}
      {step === 2 ? (
        <PasteStep
          {...shared}
          autosave={autosave}
          presets={presets}
          onWrong={() => setShowsAll(true)}
          onKept={() => {
            question.release()
            setState(UNTOUCHED)
          }}
        />
      ) : null}
      {step === 3 && kept ? <TestStep section={kept} configuration={configuration} /> : null}
      <LeaveDialog question={question} name="the new integration" />
    </>
  )
}

/** The step an address asks for, or the last one that has what it needs. */
function stepOf(asked: string | null, hasChoice: boolean, isKept: boolean): 1 | 2 | 3 {
  if (asked === '3' && isKept) return 3
  return (asked === '2' || asked === '3') && hasChoice ? 2 : 1
}

/** A secret of one service is not for another that is chosen instead; all else may stay. */
function withoutSecrets(state: FormState, options: readonly PageOption[]): FormState {
  const secrets = new Set(options.filter(({ isSecret }) => isSecret).map(({ name }) => name))
  const typed = Object.fromEntries(Object.entries(state.typed).filter(([name]) => !secrets.has(name)))
  return { ...state, typed, typedOn: undefined }
}

/** What a new section starts with: the preset and its name, and a header made of the name until somebody types one. */
function withProposals(state: FormState, preset: PagePreset | undefined, { integrations }: PageConfiguration): FormState {
  const variables = new Set(preset?.variables.map(({ name }) => variableOption(name)))
  const ofPreset: Typed = preset ? { [PRESET]: preset.id, name: preset.name } : {}
  const own = Object.entries(state.typed).filter(([name]) => !name.startsWith('preset-') || variables.has(name))
  const typed: Typed = { ...ofPreset, ...Object.fromEntries(own) }
  const taken = integrations.map(({ section }) => section)
  return { ...state, typed, header: state.header ?? proposedHeader(typed.name ?? '', taken) }
}
