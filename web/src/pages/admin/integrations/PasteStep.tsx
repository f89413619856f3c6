import type { PageConfiguration, PagePreset } from '@benchkey/sdk/configuration-pages'
import { useMutation } from '@tanstack/react-query'
import { type SyntheticEvent, useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { configurationApi, tookOver } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { sortFindings } from '../../../section-edits.ts'
import { fileName } from './Findings.tsx'
import { RedirectUri } from './RedirectUri.tsx'
import { SectionForm } from './SectionForm.tsx'
import { StepHeading } from './StepHeading.tsx'
import { TEST_ON_ARRIVAL } from './TestPanel.tsx'
import { type Autosave, SAVING } from './use-autosave.ts'
import type { SectionFormModel } from './use-section-form.ts'

interface PasteStepProps {
  readonly form: SectionFormModel
  readonly configuration: PageConfiguration
  readonly autosave: Autosave
  readonly preset: PagePreset | undefined
  readonly presets: readonly PagePreset[]
  /** Something is wrong, so all of it is to be shown. */
  readonly onWrong: () => void
  /** It is kept as a change now: nothing of what was typed can be lost. */
  readonly onKept: () => void
}

/** What the service gave: name, header, client, secret, scopes; then it is kept as a change and tested. */
export function PasteStep({ form, autosave, configuration, preset, presets, onWrong, onKept }: PasteStepProps) {
  const [, navigate] = useLocation()
  const [isWrong, setWrong] = useState(false)
  const element = useRef<HTMLFormElement>(null)
  const latest = useRef(form)
  useEffect(() => {
    latest.current = form
  })
  const keep = useMutation({
    ...SAVING,
    mutationFn: async () => {
      // While this waited for a draft to be kept, the section may have come to be.
      const { edit, baseline, isDirty } = latest.current
      const was = baseline?.section
      const { findings } = await configurationApi.check(edit, was)
      if (hasErrors(findings, [edit.section, was])) {
        onWrong()
        setWrong(true)
        return
      }
      if (isDirty) await tookOver(await configurationApi.save(edit, was))
      onKept()
      const kept = `${pagePaths.adminAddIntegration}?section=${encodeURIComponent(edit.section)}`
      navigate(`${kept}&step=2`, { replace: true })
      navigate(`${kept}&step=3`, { state: TEST_ON_ARRIVAL })
    },
  })
  useEffect(() => {
    // What was just checked is on the page a moment later.
    const first = isWrong ? element.current?.querySelector<HTMLElement>('[aria-invalid]') : undefined
    if (!first) return
    setWrong(false)
    first.focus()
  })
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (!keep.isPending) keep.mutate()
  }
  const isOwnUri = form.check !== undefined && form.check.redirectUri !== configuration.redirectUri
  return (
    <form ref={element} className="panel section-form" onSubmit={submit} noValidate>
      <StepHeading words={preset ? `What ${preset.name} gave you` : 'What the service gave you'} />
      {isOwnUri ? (
        <RedirectUri uri={form.check?.redirectUri ?? ''} words="This integration has a redirect URI of its own:" />
      ) : null}
      <SectionForm
        form={form}
        presets={presets}
        choosesPreset={false}
        brought={preset?.options ?? {}}
        file={fileName(configuration.file)}
      />
      <ErrorLine error={keep.error ?? autosave.error} />
      <footer className="form-actions">
        <Button type="submit" look="primary" busy={keep.isPending}>
          Save and test
        </Button>
        <Link href={backPath(form, preset)} className="button button-plain">
          Back
        </Link>
        <span className="secondary" role="status">
          {form.baseline && !autosave.isUnsaved ? 'Saved as a draft.' : 'It is kept as your draft.'} Nothing takes effect before
          it is deployed.
        </span>
      </footer>
    </form>
  )
}

const hasErrors = (findings: SectionFormModel['findings']['elsewhere'], own: readonly (string | undefined)[]): boolean => {
  const { elsewhere } = sortFindings(findings, own)
  return findings.some((finding) => finding.severity === 'error' && !elsewhere.includes(finding))
}

function backPath({ baseline }: SectionFormModel, preset: PagePreset | undefined): string {
  const query = baseline
    ? `section=${encodeURIComponent(baseline.section)}`
    : `preset=${encodeURIComponent(preset?.id ?? 'none')}`
  return `${pagePaths.adminAddIntegration}?${query}`
}
