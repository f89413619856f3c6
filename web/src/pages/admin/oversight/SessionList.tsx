import type { PageAdminSession } from '@benchkey/sdk/admin-pages'
import { Link } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { KindTile } from '../../../components/KindTile.tsx'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { Ago } from '../../../components/TimeText.tsx'
import { pagePaths } from '../../../paths.ts'
import type { AdminAct } from './AdminDialog.tsx'
import { endAct } from './acts.ts'
import { MarkExplanation } from './MarkExplanation.tsx'

interface SessionListProps {
  readonly sessions: readonly PageAdminSession[]
  /** Whose they are stands in each row. */
  readonly withUsers: boolean
  readonly onAct: (act: AdminAct) => void
}

/** Live sessions, each with **End**. */
export function SessionList({ sessions, withUsers, onAct }: SessionListProps) {
  return (
    <ul className="list">
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} withUser={withUsers} onAct={onAct} />
      ))}
    </ul>
  )
}

function SessionRow(props: {
  readonly session: PageAdminSession
  readonly withUser: boolean
  readonly onAct: (act: AdminAct) => void
}) {
  const { session, withUser, onAct } = props
  const { id, userName, name, kind, icon, mark, startedAt, where } = session
  return (
    <li className="row user-row" data-session={id}>
      <KindTile icon={icon} kind={kind} />
      <div className="row-name">
        <h3>{name}</h3>
        <p className="secondary">
          {withUser ? (
            <>
              <Link href={pagePaths.adminUser(userName)}>{userName}</Link> ·{' '}
            </>
          ) : null}
          {[kind, where].filter((part) => part !== undefined).join(' · ')}
        </p>
      </div>
      <div className="row-state">
        <StateMark shape={shapeOf({ state: '', tone: mark.tone })} tone={mark.tone} label={mark.label} />
        <p className="secondary row-account">
          started <Ago iso={startedAt} />
        </p>
      </div>
      <div className="row-actions">
        <Button className="row-button" aria-label={`End ${name} of ${userName}`} onClick={() => onAct(endAct(session))}>
          End
        </Button>
      </div>
      <MarkExplanation mark={mark} />
    </li>
  )
}
