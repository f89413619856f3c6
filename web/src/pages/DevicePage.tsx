import type { PageDevice } from '@benchkey/sdk/pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { api } from '../api.ts'
import { Button } from '../components/Button.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { Fact, Facts } from '../components/Facts.tsx'
import { StateMark } from '../components/StateMark.tsx'
import { Ago } from '../components/TimeText.tsx'
import { TopBar } from '../components/TopBar.tsx'
import { pagePaths, userCodeIn } from '../paths.ts'
import { meQuery } from '../queries.ts'
import { useLive } from '../use-live.ts'
import { usePageTitle } from '../use-page-title.ts'
import { hoursWords } from '../words.ts'

/** Let this terminal in? A code in the address is filled in and no more: what it belongs to is looked at, and approved, by hand. */
export function DevicePage() {
  useLive()
  usePageTitle('Log a terminal in')
  // Whoever is not logged in goes to do that first.
  const { data: me, error } = useQuery(meQuery)
  const find = useMutation({ mutationFn: api.findDevice })
  const decide = useMutation({
    mutationFn: async ({ code, decision }: { code: string; decision: 'approve' | 'deny' }) => ({
      ...(await api.decideDevice(code, decision)),
      decision,
    }),
  })
  return (
    <>
      <TopBar />
      <main className="focus-page">
        <h1>Log a terminal in</h1>
        {decide.data ? (
          <Decided device={decide.data} isApproved={decide.data.decision === 'approve'} />
        ) : find.data ? (
          <Question
            device={find.data}
            error={decide.error}
            busy={decide.isPending}
            onDecide={(decision) => decide.mutate({ code: find.data.code, decision })}
          />
        ) : me ? (
          <CodeForm error={find.error} busy={find.isPending} onCode={(code) => find.mutate(code)} />
        ) : null}
        <ErrorLine error={error} />
      </main>
    </>
  )
}

interface CodeFormProps {
  readonly error: unknown
  readonly busy: boolean
  readonly onCode: (code: string) => void
}

function CodeForm({ error, busy, onCode }: CodeFormProps) {
  const [code, setCode] = useState(userCodeIn(useSearchParams()[0].get('code')) ?? '')
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (!busy) onCode(code)
  }
  return (
    <form className="panel sign-in-panel" onSubmit={submit}>
      <p>“benchkey login” shows a code in the terminal. Compare it, or type it here.</p>
      <label className="field">
        <span className="field-label">Code</span>
        <input
          className="input device-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={16}
          placeholder="XXXX-XXXX"
          required
        />
      </label>
      <ErrorLine error={error} />
      <Button type="submit" look="primary" busy={busy}>
        Continue
      </Button>
    </form>
  )
}

interface QuestionProps {
  readonly device: PageDevice
  readonly error: unknown
  readonly busy: boolean
  readonly onDecide: (decision: 'approve' | 'deny') => void
}

function Question({ device, error, busy, onDecide }: QuestionProps) {
  return (
    <div className="panel sign-in-panel">
      <Facts>
        <Fact name="Code">
          <code className="device-code">{device.code}</code>
        </Fact>
        <Fact name="Host, as it says">{device.host}</Fact>
        <Fact name="Asks from">{device.isSameAddress ? `${device.address}, as this browser does` : device.address}</Fact>
        <Fact name="Since">
          <Ago iso={device.startedAt} />
        </Fact>
        <Fact name="It gets">Access tokens of all your integrations, for {hoursWords(device.lifeSeconds)}</Fact>
      </Facts>
      {device.isSameAddress ? null : (
        <StateMark shape="triangle" tone="warn" label="It asks from another address than this browser." />
      )}
      <p>
        Approve only if you started this yourself just now on that host, and it shows this code. If somebody sent you the code or
        a link, deny it: they would get your tokens.
      </p>
      <ErrorLine error={error} />
      <div className="device-buttons">
        <Button look="primary" busy={busy} onClick={() => onDecide('approve')}>
          Approve
        </Button>
        <Button busy={busy} onClick={() => onDecide('deny')}>
          Deny
        </Button>
      </div>
    </div>
  )
}

function Decided({ device: { host }, isApproved }: { readonly device: PageDevice; readonly isApproved: boolean }) {
  return (
    <>
      <p className="done" role="status">
        {isApproved ? (
          <StateMark shape="dot" tone="ok" label={`Approved. The terminal on ${host} is logged in within seconds.`} />
        ) : (
          <StateMark shape="ring" tone="neutral" label={`Denied. The terminal on ${host} gets nothing.`} />
        )}
      </p>
      <p>
        You can close this tab. <Link href={pagePaths.home}>Your sessions</Link>
      </p>
    </>
  )
}
