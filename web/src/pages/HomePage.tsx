import type { PageSession, PageSessions } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useRef, useState } from 'react'
import { Link, Redirect, useSearchParams } from 'wouter'
import { Button } from '../components/Button.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { FilterField } from '../components/FilterField.tsx'
import { useNotices } from '../components/Notices.tsx'
import { SessionRow } from '../components/SessionRow.tsx'
import { SkeletonRows } from '../components/Skeleton.tsx'
import { TimeText } from '../components/TimeText.tsx'
import { TopBar } from '../components/TopBar.tsx'
import { useKeys } from '../keys.ts'
import { pagePaths } from '../paths.ts'
import { integrationsQuery, sessionsQuery } from '../queries.ts'
import { endWords, liveAndEnded, needWords } from '../session-words.ts'
import { useLive } from '../use-live.ts'
import { useNow } from '../use-now.ts'
import { usePageTitle } from '../use-page-title.ts'
import { matches } from '../words.ts'

const NewSessionDialog = lazy(() =>
  import('../components/NewSessionDialog.tsx').then((module) => ({ default: module.NewSessionDialog })),
)
const SessionLogDialog = lazy(() =>
  import('../components/SessionLogDialog.tsx').then((module) => ({ default: module.SessionLogDialog })),
)
const EndSessionDialog = lazy(() =>
  import('../components/EndSessionDialog.tsx').then((module) => ({ default: module.EndSessionDialog })),
)

const KeysDialog = lazy(() => import('../components/KeysDialog.tsx').then((module) => ({ default: module.KeysDialog })))

/** From so many rows on there is a filter. */
const FILTER_FROM_ROWS = 10

/** What is running? Where nothing runs and nothing can be started, the credentials are what one comes for. */
export function HomePage() {
  usePageTitle('Sessions')
  useLive()
  const { data, error } = useQuery(sessionsQuery)
  const hasNone = data && data.sessions.length === 0 && !canStart(data)
  if (hasNone) return <Redirect to={pagePaths.managedCredentials} replace />
  return (
    <>
      <TopBar />
      <main className="home">
        <SignInNotice />
        {data ? <Sessions data={data} /> : null}
        {data ? null : <h1>Sessions</h1>}
        {data || error ? null : <SkeletonRows rows={3} />}
        <ErrorLine error={error} />
      </main>
    </>
  )
}

const canStart = ({ applications, cannotStart }: PageSessions): boolean => applications.length > 0 && cannotStart === undefined

/** The sign-ins that only the user can mend; nothing when all are well. */
function SignInNotice() {
  const { data } = useQuery(integrationsQuery)
  const words = data && needWords(data)
  if (words === undefined) return null
  return (
    <p className="explanation explanation-warn">
      <span>
        {words} <Link href={pagePaths.managedCredentials}>Review</Link>
      </span>
    </p>
  )
}

/** The open dialog is part of the address: `?new=`, `?log=<id>`. */
function Sessions({ data }: { readonly data: PageSessions }) {
  const now = useNow(60_000)
  const { announce } = useNotices()
  const [search, setSearch] = useSearchParams()
  const [ending, setEnding] = useState<PageSession>()
  const [showsKeys, setShowsKeys] = useState(false)
  const actions = useMemo(() => ({ '?': () => setShowsKeys(true) }), [])
  useKeys(actions)
  const put = (name: string, value: string | undefined): void =>
    setSearch((before) => {
      before.delete(name)
      if (value !== undefined) before.set(name, value)
      return before
    })

  const { live, ended } = liveAndEnded(data.sessions, now)
  const openable = live.filter((each) => each.canOpen)
  const primary = openable.length === 1 ? openable[0] : undefined
  const logged = data.sessions.find((each) => each.id === search.get('log'))
  const list = { primary, ending, onLog: ({ id }: PageSession) => put('log', id), onEnd: setEnding }
  return (
    <>
      <div className="page-head">
        <h1>Sessions</h1>
        {canStart(data) ? (
          <Button look={primary ? 'plain' : 'primary'} onClick={() => put('new', '')}>
            New session
          </Button>
        ) : null}
      </div>
      {data.cannotStart === undefined ? null : (
        <p className="secondary">
          <TimeText text={data.cannotStart} />
        </p>
      )}
      {live.length === 0 ? <NothingRuns canStart={canStart(data)} /> : <LiveSessions sessions={live} {...list} />}
      {ended.length === 0 ? null : (
        <details className="ended">
          <summary>{ended.length === 1 ? '1 ended' : `${ended.length} ended`} in the last 24 hours</summary>
          <SessionList sessions={ended} {...list} />
        </details>
      )}
      <Suspense fallback={null}>
        {canStart(data) && search.has('new') ? (
          <NewSessionDialog
            applications={data.applications}
            onClose={() => put('new', undefined)}
            onStarted={({ name, label }) => {
              put('new', undefined)
              announce(`${name}: ${label}`)
            }}
          />
        ) : null}
        {logged ? <SessionLogDialog session={logged} onClose={() => put('log', undefined)} /> : null}
        {ending ? <EndSessionDialog session={ending} words={endWords(ending)} onClose={() => setEnding(undefined)} /> : null}
        {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
      </Suspense>
    </>
  )
}

function NothingRuns({ canStart: isOffered }: { readonly canStart: boolean }) {
  return (
    <p className="panel">
      Nothing is running. {isOffered ? 'New session starts' : 'A session is'} an editor, a notebook or a terminal whose code gets
      the tokens of the services you are signed in to.
    </p>
  )
}

interface SessionListProps {
  readonly sessions: readonly PageSession[]
  readonly primary: PageSession | undefined
  readonly ending: PageSession | undefined
  readonly onLog: (session: PageSession) => void
  readonly onEnd: (session: PageSession) => void
}

/** From ten rows on with a filter. */
function LiveSessions(props: SessionListProps) {
  const [filter, setFilter] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const actions = useMemo(() => ({ '/': () => field.current?.focus() }), [])
  useKeys(actions)
  if (props.sessions.length < FILTER_FROM_ROWS) return <SessionList {...props} />
  const shown = props.sessions.filter((each) => matches(filter, [each.name, each.kind, each.where]))
  return (
    <div>
      <FilterField ref={field} value={filter} onChange={setFilter} />
      {shown.length === 0 ? (
        <p className="no-match">No session matches “{filter}”.</p>
      ) : (
        <SessionList {...props} sessions={shown} />
      )}
    </div>
  )
}

function SessionList({ sessions, primary, ending, onLog, onEnd }: SessionListProps) {
  return (
    <ul className="list">
      {sessions.map((session) => (
        <SessionRow
          key={session.id}
          session={session}
          isPrimary={session.id === primary?.id}
          isBeingChanged={session.id === ending?.id}
          onLog={() => onLog(session)}
          onEnd={() => onEnd(session)}
        />
      ))}
    </ul>
  )
}
