import type { PageUser, PageUserDetails, PageUserSignIn } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { oversightApi, userQuery } from '../../../admin-api.ts'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { Ago } from '../../../components/TimeText.tsx'
import { renewedWords, userWords } from '../../../oversight-words.ts'
import { pagePaths } from '../../../paths.ts'
import { everywhereLosses } from '../../../session-words.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { type AdminAct, AdminDialog } from './AdminDialog.tsx'
import { lockAct, removalAct } from './acts.ts'
import { MarkExplanation } from './MarkExplanation.tsx'
import { Part } from './Part.tsx'
import { SessionList } from './SessionList.tsx'
import { UserMark } from './UsersPage.tsx'

/** One person: sign-ins, sessions, and what may be done about them. */
export function UserPage({ name }: { readonly name: string }) {
  usePageTitle(name)
  const { data, error } = useQuery(userQuery(name))
  return (
    <>
      <p>
        <Link href={pagePaths.adminUsers}>All users</Link>
      </p>
      <ErrorLine error={error} />
      {data ? <Details details={data} /> : null}
      {data || error ? null : <SkeletonRows rows={4} />}
    </>
  )
}

function Details({ details: { user, signIns, sessions } }: { readonly details: PageUserDetails }) {
  const [act, setAct] = useState<AdminAct>()
  return (
    <>
      <Head user={user} onAct={setAct} />
      <Part id="sign-ins" title="Sign-ins">
        {signIns.length === 0 ? (
          <p className="panel">{user.name} is not signed in to any service.</p>
        ) : (
          <ul className="list">
            {signIns.map((signIn) => (
              <SignInRow key={signIn.id} userName={user.name} signIn={signIn} onAct={setAct} />
            ))}
          </ul>
        )}
      </Part>
      <Part id="sessions" title="Sessions">
        {sessions.length === 0 ? (
          <p className="panel">No session of {user.name} is running.</p>
        ) : (
          <SessionList sessions={sessions} withUsers={false} onAct={setAct} />
        )}
      </Part>
      {act ? <AdminDialog act={act} onClose={() => setAct(undefined)} /> : null}
    </>
  )
}

function Head({ user, onAct }: { readonly user: PageUser; readonly onAct: (act: AdminAct) => void }) {
  const { name, isAdmin, lockedAt, createdAt, lastSeenAt } = user
  return (
    <div className="page-top">
      <div className="page-title">
        <h2>{name}</h2>
        <UserMark user={user} />
      </div>
      <p className="secondary">
        {isAdmin ? 'administrator' : 'user'} · {userWords(user)} · added <Ago iso={createdAt} />
        {lastSeenAt ? (
          <>
            {' '}
            · seen <Ago iso={lastSeenAt} />
          </>
        ) : null}{' '}
        · <Link href={`${pagePaths.adminAudit}?user=${encodeURIComponent(name)}`}>Audit</Link>
      </p>
      <div className="button-line">
        <Button onClick={() => onAct(lockAct(name, lockedAt ? 'unlock' : 'lock'))}>{lockedAt ? 'Unlock' : 'Lock'}</Button>
        <Button onClick={() => onAct(everywhereAct(user))}>Sign out everywhere</Button>
      </div>
    </div>
  )
}

/** What it costs, as the person's own page says it. */
function everywhereAct({ name, browsers, sessions, signIns }: PageUser): AdminAct {
  const losses = everywhereLosses({ browsers, sessions, signIns })
  return {
    title: `Sign ${name} out everywhere?`,
    words: losses.length === 0 ? 'There is nothing to end: no session, no browser, no sign-in.' : losses.join(' '),
    act: 'Sign out everywhere',
    run: () => oversightApi.signOutEverywhere(name),
  }
}

interface SignInRowProps {
  readonly userName: string
  readonly signIn: PageUserSignIn
  readonly onAct: (act: AdminAct) => void
}

function SignInRow({ userName, signIn, onAct }: SignInRowProps) {
  const { name, account, mark, signedInAt, renewals, lastUsedAt, canRevoke } = signIn
  return (
    <li className="row user-row">
      <Tile name={name} icon={undefined} />
      <div className="row-name">
        <h3>{name}</h3>
        {account === undefined ? null : <p className="secondary">as {account}</p>}
      </div>
      <div className="row-state">
        <StateMark shape={shapeOf({ state: '', tone: mark.tone })} tone={mark.tone} label={mark.label} />
        <p className="secondary row-account">
          signed in <Ago iso={signedInAt} /> · {renewedWords(renewals)}
          {lastUsedAt ? (
            <>
              {' '}
              · last token <Ago iso={lastUsedAt} />
            </>
          ) : null}
        </p>
      </div>
      <div className="row-actions">
        {canRevoke ? (
          <Button
            className="row-button"
            aria-label={`Revoke the sign-in to ${name}`}
            onClick={() => onAct(removalAct(userName, signIn, 'revoke'))}
          >
            Revoke
          </Button>
        ) : null}
        <Button
          className="row-button"
          aria-label={`Purge the sign-in to ${name}`}
          onClick={() => onAct(removalAct(userName, signIn, 'purge'))}
        >
          Purge
        </Button>
      </div>
      <MarkExplanation mark={mark} />
    </li>
  )
}
