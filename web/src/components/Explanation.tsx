import type { PageIntegration } from '@benchkey/sdk/pages'
import { plainTextOf } from '../times.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { TimeText } from './TimeText.tsx'
import { useCopy } from './use-copy.ts'
import { RedirectUriHint, waitingWords } from './WaitingText.tsx'

interface ExplanationProps {
  readonly integration: PageIntegration
  readonly waitingSeconds: number | undefined
  /** What kept the last act of the user from working. */
  readonly error: unknown
  readonly isStarting: boolean
  readonly onSignIn: () => void
  /** Whether a button beside this line signs in already. */
  readonly hasSignInButton: boolean
  /** Whether the wait offers **Start again** (not where the one button means just that). */
  readonly startsAgain: boolean
}

/** Everything that stands under a row, and only when there is something to say: what is wrong, the act, the wait. */
export function Explanation(props: ExplanationProps) {
  const { integration, waitingSeconds, error } = props
  const isWrong = integration.tone === 'warn' || integration.tone === 'danger'
  return (
    <>
      {isWrong ? <Wrong {...props} /> : null}
      {waitingSeconds === undefined ? null : <Waiting {...props} seconds={waitingSeconds} />}
      <ErrorLine error={error} />
    </>
  )
}

function Wrong({ integration, isStarting, onSignIn, hasSignInButton }: ExplanationProps) {
  return (
    <div className={`explanation explanation-${integration.tone}`}>
      <p>
        <TimeText text={integration.explanation} />
      </p>
      {integration.pageAction === 'sign-in' && !hasSignInButton ? (
        <Button aria-label={`Sign in to ${integration.name}`} busy={isStarting} onClick={onSignIn}>
          Sign in
        </Button>
      ) : null}
      {integration.pageAction === 'copy-for-administrator' ? (
        <CopyForAdministrator message={integration.administratorMessage ?? integration.explanation} />
      ) : null}
    </div>
  )
}

function CopyForAdministrator({ message }: { readonly message: string }) {
  const text = plainTextOf(message, new Date())
  const { copy, refused } = useCopy(text)
  return (
    <>
      <Button onClick={copy}>Copy message for your administrator</Button>
      {refused ? (
        <p role="alert" className="explanation-whole">
          The browser does not allow copying here. The message: <q>{text}</q>
        </p>
      ) : null}
    </>
  )
}

/** A sign-in that works stays until another one has taken its place. */
function waitingBeside({ host, account, tone }: PageIntegration, seconds: number): string {
  const waiting = `${waitingWords(host, seconds)}.`
  if (tone !== 'ok') return waiting
  return `${waiting} Signed in${account ? ` as ${account}` : ''} until you finish.`
}

function Waiting({ integration, isStarting, onSignIn, startsAgain, seconds }: ExplanationProps & { readonly seconds: number }) {
  return (
    <div className="explanation explanation-neutral">
      <div className="explanation-words">
        <p>{integration.signedIn ? waitingBeside(integration, seconds) : 'Left that page without finishing?'}</p>
        <RedirectUriHint integration={integration} seconds={seconds} />
      </div>
      {startsAgain ? (
        <Button busy={isStarting} onClick={onSignIn}>
          Start again
        </Button>
      ) : null}
    </div>
  )
}
