import type { PageConfiguredIntegration } from '@benchkey/sdk/configuration-pages'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { configurationApi, type SectionAct, tookOver } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { peopleWords } from '../../../section-edits.ts'
import { ActDialog } from '../ActDialog.tsx'
import { SAVING } from './use-autosave.ts'

/** What removing an integration costs. */
function removalWords({ section, people }: PageConfiguredIntegration): string {
  const signIns =
    people === 0
      ? 'Nobody is signed in there.'
      : `${peopleWords(people)} signed in there ${people === 1 ? 'gets' : 'get'} no more tokens; their sign-ins stay stored, encrypted and unused, until a section of that Integration ID is back.`
  return `The section [${section}] goes out of the file, its comments and its client secret with it. ${signIns} It takes effect when you deploy.`
}

/** Asks whether a section is to be removed, naming what is lost; then shows the list. */
export function RemoveDialog({
  integration,
  onClose,
}: {
  readonly integration: PageConfiguredIntegration
  readonly onClose: () => void
}) {
  const [, navigate] = useLocation()
  return (
    <ActDialog
      title={`Remove ${integration.name}?`}
      words={removalWords(integration)}
      act="Remove"
      onAct={async () => {
        const configuration = await configurationApi.act(integration.section, 'remove')
        navigate(pagePaths.adminIntegrations)
        await tookOver(configuration)
      }}
      onClose={onClose}
    />
  )
}

/** Runs an act on a section that needs no question; `onGone` when the section is there no more after it. */
export function useSectionAct(section: string, onGone?: () => void) {
  const { mutate, isPending, error } = useMutation({
    ...SAVING,
    mutationFn: async (act: SectionAct) => {
      const configuration = await configurationApi.act(section, act)
      if (!configuration.integrations.some((each) => each.section === section)) onGone?.()
      await tookOver(configuration)
    },
  })
  return { act: mutate, isPending, error }
}

interface SectionActsProps {
  readonly integration: PageConfiguredIntegration
  /** What was typed goes with the change it was kept in. Answers how it comes back where that fails. */
  readonly onUndo?: () => () => void
}

/** Acts on the section as a whole, below its form. */
export function SectionActs({ integration, onUndo }: SectionActsProps) {
  const { section, name, isDisabled, change } = integration
  const [, navigate] = useLocation()
  // A new section, or a new header of an old one, goes with its change.
  const { act, isPending, error } = useSectionAct(section, () => navigate(pagePaths.adminIntegrations))
  const [isRemoving, setRemoving] = useState(false)
  return (
    <section className="section-acts" aria-label={`${name} as a whole`}>
      <div className="button-line">
        {change === undefined ? null : (
          <Button
            busy={isPending}
            onClick={() => {
              const restore = onUndo?.()
              act('undo', { onError: () => restore?.() })
            }}
          >
            {change === 'removed' ? 'Undo the removal' : 'Undo changes'}
          </Button>
        )}
        {change === 'removed' ? null : (
          <>
            <Button busy={isPending} onClick={() => act(isDisabled ? 'enable' : 'disable')}>
              {isDisabled ? 'Enable' : 'Disable'}
            </Button>
            <Button onClick={() => setRemoving(true)}>Remove</Button>
          </>
        )}
      </div>
      <ErrorLine error={error} />
      {isRemoving ? <RemoveDialog integration={integration} onClose={() => setRemoving(false)} /> : null}
    </section>
  )
}
