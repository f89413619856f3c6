import type {
  PageConfiguration,
  PageConfiguredIntegration,
  PageOption,
  PagePreset,
  PageSection,
} from '@benchkey/sdk/configuration-pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type SyntheticEvent, useCallback, useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonLines } from '../../../components/Skeleton.tsx'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import {
  configurationApi,
  configurationQuery,
  optionsQuery,
  presetsQuery,
  sectionQuery,
  tookOver,
} from '../../../configuration-api.ts'
import { type LeaveQuestion, useLeaveQuestion } from '../../../leave-guard.ts'
import { pagePaths } from '../../../paths.ts'
import { changesAnything } from '../../../section-edits.ts'
import { ChangesBar, ReadOnlyNote } from './Bars.tsx'
import { fileName } from './Findings.tsx'
import { LeaveDialog } from './LeaveDialog.tsx'
import { PageHead } from './PageHead.tsx'
import { RedirectUri } from './RedirectUri.tsx'
import { SectionActs } from './SectionActs.tsx'
import { SectionForm } from './SectionForm.tsx'
import { TEST_ON_ARRIVAL, TestButton, TestPanel, useTest, useTestOnArrival } from './TestPanel.tsx'
import { type Autosave, SAVING, useAutosave } from './use-autosave.ts'
import { type FormState, type SectionFormModel, UNTOUCHED, useSectionForm } from './use-section-form.ts'

/** One integration's section: its form, its test, and what else can be done with it. */
export function SectionPage({ section }: { readonly section: string }) {
  const { data: configuration, error } = useQuery(configurationQuery)
  const integration = configuration?.integrations.find((each) => each.section === section)
  return (
    <>
      <PageHead title={integration?.name ?? section}>
        {integration ? (
          <StateMark
            shape={shapeOf({ state: '', tone: integration.mark.tone })}
            tone={integration.mark.tone}
            label={integration.mark.label}
          />
        ) : null}
      </PageHead>
      {configuration ? <ReadOnlyNote configuration={configuration} /> : null}
      {configuration ? <ChangesBar configuration={configuration} /> : null}
      <ErrorLine error={error} />
      {integration?.change === 'removed' ? (
        <Removed integration={integration} />
      ) : (
        <Section section={section} configuration={configuration} integration={integration} />
      )}
    </>
  )
}

/** Nothing is left to type; the removal can be undone until it is deployed. */
function Removed({ integration }: { readonly integration: PageConfiguredIntegration }) {
  return (
    <>
      <p className="panel">
        The section [{integration.section}] goes out of the file when you deploy. Until then it is as it was.
      </p>
      <SectionActs integration={integration} />
    </>
  )
}

interface SectionProps {
  readonly section: string
  readonly configuration: PageConfiguration | undefined
  readonly integration: PageConfiguredIntegration | undefined
}

/** The form, once everything that it is made of is there. */
function Section({ section, configuration, integration }: SectionProps) {
  const options = useQuery(optionsQuery)
  const presets = useQuery(presetsQuery)
  const written = useQuery(sectionQuery(section))
  const error = written.error ?? options.error ?? presets.error
  const isThere = configuration && options.data && written.data && (presets.data || presets.error)
  return (
    <>
      <ErrorLine error={error} />
      {isThere ? (
        <Editor
          configuration={configuration}
          integration={integration}
          options={options.data.options}
          presets={presets.data?.presets ?? []}
          section={written.data}
        />
      ) : null}
      {isThere || error ? null : <SkeletonLines lines={16} />}
    </>
  )
}

interface EditorProps {
  readonly configuration: PageConfiguration
  readonly integration: PageConfiguredIntegration | undefined
  readonly options: readonly PageOption[]
  readonly presets: readonly PagePreset[]
  readonly section: PageSection
}

const keepsNothing = (): boolean => false

function Editor({ configuration, integration, options, presets, section }: EditorProps) {
  const [state, setState] = useState<FormState>(UNTOUCHED)
  const isReadOnly = configuration.readOnly !== undefined
  const form = useSectionForm({ ...{ baseline: section, options, state, setState, isReadOnly }, showsAll: true })
  const autosave = useAutosave(form, (edit) => configurationApi.save(edit, section.section))
  const question = useLeaveQuestion(autosave.isUnsaved, useCallback(keepsNothing, []))
  const save = useSave(form, section, question)
  const isTouched = form.isDirty || Object.keys(state.saved).length > 0
  const name = integration?.name ?? section.section
  const test = useTest(async (left) => {
    if (isTouched) await save.mutateAsync(null)
    return configurationApi.test(section.section, left)
  })
  useTestOnArrival(test)
  // A new header has a page of its own: that one tests.
  const testIt = (): void => (form.edit.section === section.section ? test.start() : save.mutate(TEST_ON_ARRIVAL))
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (isTouched && !save.isPending) save.mutate(null)
  }
  return (
    <>
      <MarkLine integration={integration} />
      <RedirectUri uri={form.check?.redirectUri ?? section.redirectUri} words="Redirect URI to register at the service:" />
      <form className="panel section-form" onSubmit={submit} noValidate>
        <SectionForm
          form={form}
          presets={presets}
          choosesPreset
          brought={section.fromPreset}
          file={fileName(configuration.file)}
        />
        <ErrorLine error={save.error ?? autosave.error} />
        <footer className="form-actions">
          {isReadOnly ? null : (
            <Button type="submit" look={isTouched ? 'primary' : 'plain'} busy={save.isPending} disabled={!isTouched}>
              Save
            </Button>
          )}
          <TestButton test={{ ...test, start: testIt }} name={name} />
          <TakeBackButton form={form} isTouched={isTouched} integration={integration} />
          <span className="secondary" role="status">
            {isReadOnly ? 'Nothing can be changed here; the reason stands above.' : statusOf(autosave, isTouched, integration)}
          </span>
        </footer>
      </form>
      <TestPanel test={test} name={name} />
      {integration && configuration.readOnly === undefined ? (
        <SectionActs integration={integration} onUndo={() => reset(form)} />
      ) : null}
      <LeaveDialog question={question} name={name} />
    </>
  )
}

function MarkLine({ integration }: Pick<EditorProps, 'integration'>) {
  if (integration?.mark.explanation === undefined) return null
  return (
    <p className={`explanation explanation-${integration.mark.tone}`}>
      <span>
        <TimeText text={integration.mark.explanation} />
      </span>
    </p>
  )
}

/** Empties the form first, so that nothing of it is kept any more while its change is undone. Answers how that is taken back. */
function reset({ state, setState }: SectionFormModel): () => void {
  setState(() => UNTOUCHED)
  return () => setState(() => state)
}

/** Saves all of the form, a new header with it, whose page comes in the place of this one. */
function useSave(form: SectionFormModel, section: PageSection, question: LeaveQuestion) {
  const [, navigate] = useLocation()
  return useMutation({
    ...SAVING,
    mutationFn: async (state: typeof TEST_ON_ARRIVAL | null) => {
      const { edit } = form
      if (changesAnything(section, edit)) {
        const saved = await configurationApi.save(edit, section.section)
        if (edit.section !== section.section) {
          question.release()
          navigate(pagePaths.adminIntegration(edit.section), { replace: true, state })
        }
        await tookOver(saved)
      }
      form.setState(() => UNTOUCHED)
    },
  })
}

interface TakeBackProps {
  readonly form: SectionFormModel
  readonly isTouched: boolean
  readonly integration: PageConfiguredIntegration | undefined
}

/** Back to how the form was opened. What a draft holds already goes by undoing the change, which is only the same where there was none before. */
function TakeBackButton({ form, isTouched, integration }: TakeBackProps) {
  const [hadChange] = useState(integration?.change !== undefined)
  const isKept = Object.keys(form.state.saved).length > 0
  const takeBack = useMutation({
    ...SAVING,
    mutationFn: async () => {
      const restore = reset(form)
      if (!isKept || !form.baseline) return
      await configurationApi.act(form.baseline.section, 'undo').then(tookOver, (failure: unknown) => {
        restore()
        throw failure
      })
    },
  })
  if (!isTouched || (isKept && hadChange)) return null
  return (
    <>
      <Button busy={takeBack.isPending} onClick={() => takeBack.mutate()}>
        Take back what I typed
      </Button>
      <ErrorLine error={takeBack.error} />
    </>
  )
}

function statusOf({ isUnsaved }: Autosave, isTouched: boolean, integration: EditorProps['integration']): string {
  if (isUnsaved) return 'Not saved yet. Nothing takes effect before it is deployed.'
  if (isTouched) return 'Saved as a draft. Nothing takes effect before it is deployed.'
  return integration?.change === undefined ? 'Nothing is typed that is not in the file.' : 'Saved, not deployed.'
}
