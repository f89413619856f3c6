import type {
  PageActivity,
  PageActivityDay,
  PageActivityLine,
  PageEverywhere,
  PageSession,
  PageSessionUse,
} from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { Button } from '../components/Button.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { KindTile } from '../components/KindTile.tsx'
import { SkeletonRows } from '../components/Skeleton.tsx'
import { Ago, At } from '../components/TimeText.tsx'
import { activityQuery, sessionsQuery } from '../queries.ts'
import { endWords, everywhereDone, sessionFacts, useFacts } from '../session-words.ts'
import { dayHeading } from '../times.ts'
import { useLive } from '../use-live.ts'
import { useNow } from '../use-now.ts'
import { usePageTitle } from '../use-page-title.ts'
import { SettingsLayout } from './SettingsLayout.tsx'

const EndSessionDialog = lazy(() =>
  import('../components/EndSessionDialog.tsx').then((module) => ({ default: module.EndSessionDialog })),
)
const SignOutEverywhereDialog = lazy(() =>
  import('../components/SignOutEverywhereDialog.tsx').then((module) => ({ default: module.SignOutEverywhereDialog })),
)

/** Use is kept for 90 days. */
const MOST_WEEKS = 13

/** What happened in my name, and who does something now? */
export function ActivityPage() {
  usePageTitle('Activity')
  useLive()
  const { data, error } = useQuery(activityQuery(0))
  return (
    <SettingsLayout>
      <section aria-labelledby="live-use">
        <div className="section-head">
          <h2 id="live-use">Who has your tokens now</h2>
        </div>
        {data ? <LiveUse uses={data.live} /> : null}
        {data || error ? null : <SkeletonRows rows={2} />}
        <ErrorLine error={error} />
      </section>
      {data ? <Everywhere everywhere={data.everywhere} /> : null}
      <section aria-labelledby="what-happened">
        <div className="section-head">
          <h2 id="what-happened">What happened</h2>
        </div>
        <History />
      </section>
    </SettingsLayout>
  )
}

/** The sessions, those of services too, that had tokens and still run. */
function LiveUse({ uses }: { readonly uses: PageActivity['live'] }) {
  const { data: sessions } = useQuery(sessionsQuery)
  const [ending, setEnding] = useState<PageSession>()
  const rows = uses.flatMap((use) => {
    const session = sessions?.sessions.find(({ id }) => id === use.sessionId)
    return session ? [{ use, session }] : []
  })
  if (sessions && rows.length === 0) return <p className="panel">No session that runs has had a token of yours.</p>
  return (
    <>
      <ul className="list">
        {rows.map(({ use, session }) => (
          <LiveRow key={session.id} use={use} session={session} onEnd={() => setEnding(session)} />
        ))}
      </ul>
      <Suspense fallback={null}>
        {ending ? <EndSessionDialog session={ending} words={endWords(ending)} onClose={() => setEnding(undefined)} /> : null}
      </Suspense>
    </>
  )
}

interface LiveRowProps {
  readonly use: PageSessionUse
  readonly session: PageSession
  readonly onEnd: () => void
}

function LiveRow({ use, session, onEnd }: LiveRowProps) {
  const { name, canEnd } = session
  return (
    <li className="row" data-session={session.id}>
      <KindTile icon={session.icon} kind={session.kind} />
      <div className="row-name">
        <h3>{name}</h3>
        <p className="secondary">{sessionFacts(session)}</p>
      </div>
      <div className="row-state">
        <p>{useFacts(use)}</p>
        <p className="secondary">
          last <Ago iso={use.lastUsedAt} />, {use.places.map(({ text }) => text).join(', ')}
        </p>
      </div>
      <div className="row-actions">
        {canEnd ? (
          <Button className="row-button" aria-label={`End ${name}`} onClick={onEnd}>
            End
          </Button>
        ) : null}
      </div>
    </li>
  )
}

/** The way out for somebody who sees what they did not do. */
function Everywhere({ everywhere }: { readonly everywhere: PageEverywhere }) {
  const [isAsking, setAsking] = useState(false)
  const [done, setDone] = useState<PageEverywhere>()
  return (
    <div className="panel everywhere">
      <p>Something you do not recognise?</p>
      <Button onClick={() => setAsking(true)}>Sign out everywhere</Button>
      {done ? (
        <p role="status" className="everywhere-done">
          {everywhereDone(done)}
        </p>
      ) : null}
      <Suspense fallback={null}>
        {isAsking ? (
          <SignOutEverywhereDialog
            everywhere={everywhere}
            onClose={() => setAsking(false)}
            onDone={(ended) => {
              setAsking(false)
              setDone(ended)
            }}
          />
        ) : null}
      </Suspense>
    </div>
  )
}

/** By day, newest first; earlier weeks when asked for. */
function History() {
  const [weeks, setWeeks] = useState(1)
  return (
    <div className="history">
      {Array.from({ length: weeks }, (_, week) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a week is its number.
        <Week key={week} week={week} />
      ))}
      {weeks < MOST_WEEKS ? (
        <Button className="history-more" onClick={() => setWeeks(weeks + 1)}>
          Earlier
        </Button>
      ) : null}
    </div>
  )
}

function Week({ week }: { readonly week: number }) {
  const { data, error } = useQuery(activityQuery(week))
  const days = data?.days.filter(({ lines }) => lines.length > 0)
  return (
    <>
      {days?.map((day) => (
        <Day key={day.startsAt} day={day} />
      ))}
      {days?.length === 0 ? (
        <p className="panel">{week === 0 ? 'Nothing happened in the last 7 days.' : 'Nothing happened in the 7 days before.'}</p>
      ) : null}
      {days || error ? null : <SkeletonRows rows={3} />}
      {week === 0 ? null : <ErrorLine error={error} />}
    </>
  )
}

function Day({ day }: { readonly day: PageActivityDay }) {
  const now = useNow(60_000)
  const heading = dayHeading(new Date(day.startsAt), now)
  return (
    <section aria-label={heading}>
      <h3 className="day">{heading}</h3>
      <ul className="list">
        {day.lines.map((line) => (
          <Line key={`${line.at} ${line.text}`} line={line} />
        ))}
      </ul>
      {day.isCut ? (
        <p className="secondary">More happened on this day than is shown here; the audit of your administrator has all of it.</p>
      ) : null}
    </section>
  )
}

function Line({ line: { at, until, text, tone, marks } }: { readonly line: PageActivityLine }) {
  const isSpan = until !== undefined && until.slice(0, 16) !== at.slice(0, 16)
  return (
    <li className="activity-line">
      <span className="activity-time">
        <At iso={at} shape="clock" />
        {isSpan ? (
          <>
            –<At iso={until} shape="clock" />
          </>
        ) : null}
      </span>
      <span className="activity-text">
        {tone === 'warn' ? <TriangleAlert size={16} className="mark activity-mark" role="img" aria-label="Look twice:" /> : null}
        <span>
          {text}
          {marks.map((mark) => (
            <span key={mark.text} className={`first-use first-use-${mark.tone}`}>
              {mark.text}
            </span>
          ))}
        </span>
      </span>
    </li>
  )
}
