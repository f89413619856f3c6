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
import { useLeaveQuestion } from '../../../leave-guard.ts'
import { pagePaths } from '../../../paths.ts'
import { ChangesBar, ReadOnlyNote } from './Bars.tsx'
import { fileName } from './Findings.tsx'
import { LeaveDialog } from './LeaveDialog.tsx'
import { PageHead } from './PageHead.tsx'
import { RedirectUri } from './RedirectUri.tsx'
import { SectionActs } from './SectionActs.tsx'
import { SectionForm } from './SectionForm.tsx'
import { TEST_ON_ARRIVAL, TestButton, TestPanel, useTest, useTestOnArrival } from './TestPanel.tsx'
import { type FormState, UNTOUCHED, useSectionForm } from './use-section-form.ts'

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
  const [, navigate] = useLocation()
  const [state, setState] = useState<FormState>(UNTOUCHED)
  const isReadOnly = configuration.readOnly !== undefined
  const form = useSectionForm({ ...{ baseline: section, options, state, setState, isReadOnly }, showsAll: true })
  const question = useLeaveQuestion(form.isDirty, useCallback(keepsNothing, []))
  const save = useMutation({
    mutationFn: async (state: typeof TEST_ON_ARRIVAL | null) => {
      const { edit } = form
      const saved = await configurationApi.save(edit, section.section)
      if (edit.section !== section.section) {
        question.release()
        navigate(pagePaths.adminIntegration(edit.section), { replace: true, state })
      }
      await tookOver(saved)
      setState(UNTOUCHED)
    },
  })
  const name = integration?.name ?? section.section
  const test = useTest(async (left) => {
    if (form.isDirty) await save.mutateAsync(null)
    return configurationApi.test(section.section, left)
  })
  useTestOnArrival(test)
  // A new header has a page of its own: that one tests.
  const testIt = (): void => (form.edit.section === section.section ? test.start() : save.mutate(TEST_ON_ARRIVAL))
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (form.isDirty && !save.isPending) save.mutate(null)
  }
  return (
    <>
      {integration?.mark.explanation === undefined ? null : (
        <p className={`explanation explanation-${integration.mark.tone}`}>
          <span>
            <TimeText text={integration.mark.explanation} />
          </span>
        </p>
      )}
      <RedirectUri uri={form.check?.redirectUri ?? section.redirectUri} words="Redirect URI to register at the service:" />
      <form className="panel section-form" onSubmit={submit} noValidate>
        <SectionForm
          form={form}
          presets={presets}
          choosesPreset
          brought={section.fromPreset}
          file={fileName(configuration.file)}
        />
        <ErrorLine error={save.error} />
        <footer className="form-actions">
          {isReadOnly ? null : (
            <Button type="submit" look={form.isDirty ? 'primary' : 'plain'} busy={save.isPending} disabled={!form.isDirty}>
              Save
            </Button>
          )}
          <TestButton test={{ ...test, start: testIt }} name={name} />
          {form.isDirty ? <Button onClick={() => setState(UNTOUCHED)}>Take back what I typed</Button> : null}
          <span className="secondary" role="status">
            {statusOf(form.isDirty, isReadOnly, integration)}
          </span>
        </footer>
      </form>
      <TestPanel test={test} name={name} />
      {integration && configuration.readOnly === undefined ? <SectionActs integration={integration} /> : null}
      <LeaveDialog question={question} name={name} />
    </>
  )
}

function statusOf(isDirty: boolean, isReadOnly: boolean, integration: PageConfiguredIntegration | undefined): string {
  if (isReadOnly) return 'Nothing can be changed here; the reason stands above.'
  if (isDirty) return 'Not saved. Nothing takes effect before it is deployed.'
  return integration?.change === undefined ? 'Nothing is typed that is not in the file.' : 'Saved, not deployed.'
}
