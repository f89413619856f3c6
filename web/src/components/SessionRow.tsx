import type { PageSession } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { api } from '../api.ts'
import { sessionFacts, shapeOfSession } from '../session-words.ts'
import { plainTextOf } from '../times.ts'
import { useTint } from '../use-tint.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { KindTile } from './KindTile.tsx'
import { RowMenu } from './RowMenu.tsx'
import { StateMark } from './StateMark.tsx'
import { Ago, TimeText } from './TimeText.tsx'

interface SessionRowProps {
  readonly session: PageSession
  /** The one button of the page that stands out. */
  readonly isPrimary: boolean
  /** The user is ending it here, so its change is no news. */
  readonly isBeingChanged: boolean
  readonly onLog: () => void
  readonly onEnd: () => void
}

/** One session: kind, name, state, since, Open, ⋯; under it what is wrong, if anything is. */
export function SessionRow({ session, isPrimary, isBeingChanged, onLog, onEnd }: SessionRowProps) {
  const { id, name, label, tone, hasLog, canEnd } = session
  const open = useMutation({ mutationFn: () => api.openSession(id) })
  const tint = useTint({
    said: `${name}: ${plainTextOf(label, new Date())}`,
    signature: JSON.stringify([session.state, label]),
    isBeingChanged,
  })
  const facts = sessionFacts(session)
  const items = [...(hasLog ? [{ label: 'Log', onChoose: onLog }] : []), ...(canEnd ? [{ label: 'End', onChoose: onEnd }] : [])]
  return (
    <li className="row" data-session={id} {...tint}>
      <KindTile icon={session.icon} kind={session.kind} />
      <div className="row-name">
        <h2>{name}</h2>
        <p className="secondary">{facts}</p>
      </div>
      <div className="row-state">
        <StateMark shape={shapeOfSession(session)} tone={tone} label={label} />
        <p className="secondary row-account">
          {session.endedAt ? 'ended' : 'started'} <Ago iso={session.endedAt ?? session.startedAt} />
        </p>
      </div>
      <div className="row-actions">
        {session.canOpen ? (
          <Button
            look={isPrimary ? 'primary' : 'plain'}
            className="row-button"
            aria-label={`Open ${name}`}
            busy={open.isPending}
            onClick={() => open.mutate()}
          >
            Open
          </Button>
        ) : null}
        <RowMenu label={`More about ${name}`} items={items} />
      </div>
      <div className="row-below">
        <SessionExplanation session={session} onLog={onLog} />
        <ErrorLine error={open.error} />
      </div>
    </li>
  )
}

/** Why it is not well, and its log where that tells more. */
function SessionExplanation({ session, onLog }: { readonly session: PageSession; readonly onLog: () => void }) {
  const { explanation, tone, hasLog, name } = session
  if (!explanation) return null
  const isWrong = tone === 'warn' || tone === 'danger'
  return (
    <div className={`explanation explanation-${isWrong ? tone : 'neutral'}`}>
      <p>
        <TimeText text={explanation} />
      </p>
      {hasLog && isWrong ? (
        <Button aria-label={`Log of ${name}`} onClick={onLog}>
          Log
        </Button>
      ) : null}
    </div>
  )
}
