import type { PageVerification, PageVerificationCheck } from '@benchkey/sdk/configuration-pages'
import { useMutation } from '@tanstack/react-query'
import { CircleHelp } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '../../../components/Button.tsx'
import { CopyIconButton } from '../../../components/CopyIconButton.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { Ago, TimeText } from '../../../components/TimeText.tsx'
import { durationWords } from '../../../times.ts'
import { useNow } from '../../../use-now.ts'

/** A test that runs or ran: of an integration or of the server. */
export interface RunningTest {
  readonly start: () => void
  readonly isRunning: boolean
  readonly startedAt: Date | undefined
  readonly result: PageVerification | undefined
  readonly error: unknown
}

/** Runs a test; the last result stays until the next one is there. Leaving the page ends it. */
export function useTest(run: (left: AbortSignal) => Promise<PageVerification>): RunningTest {
  const leaving = useRef<AbortController>(undefined)
  useEffect(() => () => leaving.current?.abort(), [])
  const [result, setResult] = useState<PageVerification>()
  const [startedAt, setStartedAt] = useState<Date>()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => {
      leaving.current = new AbortController()
      return run(leaving.current.signal)
    },
    onMutate: () => setStartedAt(new Date()),
    onSuccess: setResult,
  })
  return { start: () => mutate(), isRunning: isPending, startedAt, result, error }
}

/** Starts a test once when the user came by a button that said so. No address can do that: it stands in the state of the browser's history. */
export function useTestOnArrival(test: RunningTest): void {
  const hasLooked = useRef(false)
  useEffect(() => {
    if (hasLooked.current) return
    hasLooked.current = true
    if (!isTestAsked(history.state)) return
    history.replaceState(null, '', location.href)
    test.start()
  })
}

/** What a navigation carries so that the page it leads to tests at once. */
export const TEST_ON_ARRIVAL = { test: true } as const

const isTestAsked = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && 'test' in state && state.test === true

/** What a test says while it runs, and its results by who has to act. Nothing before the first. */
export function TestPanel({ test, name }: { readonly test: RunningTest; readonly name: string }) {
  const { isRunning, startedAt, result, error } = test
  return (
    <section className="test" aria-label={`Test of ${name}`} aria-busy={isRunning || undefined}>
      {isRunning && startedAt ? <Progress name={name} startedAt={startedAt} /> : null}
      <ErrorLine error={isRunning ? undefined : error} />
      {result && !isRunning ? <Results result={result} /> : null}
    </section>
  )
}

function Progress({ name, startedAt }: { readonly name: string; readonly startedAt: Date }) {
  const now = useNow(1000)
  const seconds = Math.max(0, Math.floor((now.getTime() - startedAt.getTime()) / 1000))
  return (
    <div className="explanation explanation-neutral">
      <p>
        <span role="status">Testing {name}: names, proxies, certificates, addresses, then the client.</span>{' '}
        <span className="secondary" aria-hidden="true">
          {durationWords(seconds)}
        </span>
      </p>
    </div>
  )
}

function Results({ result: { section, name, isWell, at, groups } }: { readonly result: PageVerification }) {
  const isServer = section === undefined
  return (
    <>
      <p className="test-verdict" role="status">
        <StateMark
          shape={isWell ? 'dot' : 'triangle'}
          tone={isWell ? 'ok' : 'warn'}
          label={
            isWell ? `${isServer ? 'This server' : name} is well.` : `Not all is well with ${isServer ? 'this server' : name}.`
          }
        />
        <span className="secondary">
          Tested <Ago iso={at} />
        </span>
      </p>
      {groups.map(({ title, checks }) => (
        <section key={title} className="test-group">
          <h3>{title}</h3>
          <ul className="list">
            {checks.map((check) => (
              <Check key={check.id} check={check} />
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

function Check({ check: { outcome, fact, action, place, copy } }: { readonly check: PageVerificationCheck }) {
  return (
    <li className="check-row">
      {markOf(outcome, fact)}
      {action === undefined ? null : (
        <p className="check-action">
          <TimeText text={action} />
        </p>
      )}
      {place === undefined ? null : (
        <p className="secondary check-action">
          Line to change: <code>{place}</code>
        </p>
      )}
      {copy === undefined ? null : (
        <div className="copyable check-action">
          <code>{copy}</code>
          <CopyIconButton text={copy} label={`Copy ${copy}`} />
        </div>
      )}
    </li>
  )
}

function markOf(outcome: PageVerificationCheck['outcome'], fact: string): ReactNode {
  if (outcome === 'ok') return <StateMark shape="dot" tone="ok" label={fact} />
  if (outcome === 'warning') return <StateMark shape="triangle" tone="warn" label={fact} />
  if (outcome === 'failed') return <StateMark shape="octagon" tone="danger" label={fact} />
  return (
    <span className="state tone-neutral">
      <CircleHelp size={16} className="mark" role="img" aria-label="Not known:" />
      <span className="state-word">
        <TimeText text={fact} />
      </span>
    </span>
  )
}

/** The button that starts a test. */
export function TestButton({
  test,
  name,
  disabled,
}: {
  readonly test: RunningTest
  readonly name: string
  readonly disabled?: boolean
}) {
  return (
    <Button aria-label={`Test ${name}`} busy={test.isRunning} disabled={disabled} onClick={test.start}>
      Test
    </Button>
  )
}
