import type { PageConfiguration } from '@benchkey/sdk/configuration-pages'
import { useState } from 'react'
import { Link } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import { configurationApi, tookOver } from '../../../configuration-api.ts'
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
