import type { PageConfiguration } from '@benchkey/sdk/configuration-pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import { configurationApi, configurationQuery, tookOver } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { changesWords } from '../../../section-edits.ts'
import { ActDialog } from '../ActDialog.tsx'

/** Why nothing can be changed here, and what to do instead. Nothing where it can. */
export function ReadOnlyNote({ configuration: { readOnly } }: { readonly configuration: PageConfiguration }) {
  if (readOnly === undefined) return null
  return (
    <p className="explanation explanation-neutral read-only" role="note">
      <span>
        <TimeText text={readOnly} />
      </span>
    </p>
  )
}

/** The file was edited by hand: what is in force, and the button that loads it. Nothing where the file is the one in force. */
export function NotLoadedNote({ configuration: { notLoaded } }: { readonly configuration: PageConfiguration }) {
  const { refetch } = useQuery(configurationQuery)
  const reload = useMutation({ mutationFn: configurationApi.reload, onSuccess: () => refetch() })
  if (notLoaded === undefined) return null
  const refused = reload.data?.applied === false ? reload.data.findings.find(({ severity }) => severity === 'error') : undefined
  return (
    <section className="explanation explanation-warn changes-bar" aria-label="Not loaded">
      <div>
        <p role="status">{notLoaded}</p>
        {refused ? <p role="alert">Nothing was loaded: {refused.text}</p> : null}
        <ErrorLine error={reload.error} />
      </div>
      <div className="row-actions">
        <Button busy={reload.isPending} onClick={() => reload.mutate()}>
          Reload
        </Button>
      </div>
    </section>
  )
}

interface ChangesBarProps {
  readonly configuration: PageConfiguration
  /** Where the list is, it is what one came for. */
  readonly isChief?: boolean
}

/** "2 changes not deployed": on to the review, or all of them away. */
export function ChangesBar({ configuration: { changes }, isChief = false }: ChangesBarProps) {
  const [isAsking, setAsking] = useState(false)
  if (changes.length === 0) return null
  return (
    <section className="explanation explanation-warn changes-bar" aria-label="Changes">
      <p role="status">{changesWords(changes.length)}</p>
      <div className="row-actions">
        {isChief ? <Button onClick={() => setAsking(true)}>Discard all</Button> : null}
        <Link href={pagePaths.adminReview} className={`button ${isChief ? 'button-primary' : 'button-plain'}`}>
          Review and deploy
        </Link>
      </div>
      {isAsking ? (
        <ActDialog
          title="Discard all changes?"
          words={`What you changed in ${changes.join(', ')} and did not deploy is lost. The file stays as it is.`}
          act="Discard all"
          onAct={async () => tookOver(await configurationApi.undoAll())}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </section>
  )
}
