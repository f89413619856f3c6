import type { PageIntegrationDetails } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { api } from '../api.ts'
import { lookAgain } from '../queries.ts'
import { useSignIn } from '../use-sign-in.ts'
import { renewalWords } from '../words.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { Fact, Facts } from './Facts.tsx'
import { StateMark, shapeOf } from './StateMark.tsx'
import { Ago, At, TimeText } from './TimeText.tsx'

/** What Benchkey knows about the user's sign-in, and what the user can do about it. */
export function YourSignIn({ details }: { readonly details: PageIntegrationDetails }) {
  const signIn = useSignIn(details.uid, 'settings', { anotherAccount: true })
  const tryAgain = useMutation({ mutationFn: () => api.tryAgain(details.uid), onSuccess: () => lookAgain() })
  return (
    <>
      <StateMark shape={shapeOf(details)} tone={details.tone} label={details.label} />
      {details.tone === 'ok' || details.explanation === '' ? null : (
        <p>
          <TimeText text={details.explanation} />
        </p>
      )}
      <SignInFacts details={details} />
      <div className="button-line">
        {details.signIn?.canTryAgain ? (
          <Button busy={tryAgain.isPending} onClick={() => tryAgain.mutate()}>
            Try again
          </Button>
        ) : null}
        {details.signedIn ? (
          <Button busy={signIn.isStarting} onClick={signIn.start}>
            Use another account
          </Button>
        ) : null}
      </div>
      {details.signedIn ? <AnotherAccount details={details} /> : null}
      <ErrorLine error={tryAgain.error ?? signIn.error} />
    </>
  )
}

/** What *Use another account* does, and what only the person can do. */
export function AnotherAccount({ details: { host, account, asksWhichAccount } }: { readonly details: PageIntegrationDetails }) {
  return (
    <p className="secondary">
      {asksWhichAccount ? null : `${host} does not ask which account you mean: log out there first. `}
      {account ? `You stay signed in as ${account} until you finish.` : 'You stay signed in until you finish.'}
    </p>
  )
}

function SignInFacts({ details }: { readonly details: PageIntegrationDetails }) {
  const { signIn, revocation } = details
  return (
    <Facts>
      <Fact name="Account">{details.account}</Fact>
      {signIn ? (
        <>
          <Fact name="Since">
            <At iso={signIn.since} shape="dated" />
          </Fact>
          <Fact name="Renewed">
            {signIn.renewals === 0 ? 'Not yet' : <TimeText text={renewalWords(signIn.renewals, signIn.lastRenewedAt)} />}
          </Fact>
          <Fact name="Last used">
            {signIn.lastUsedAt ? (
              <>
                <Ago iso={signIn.lastUsedAt} />
                {signIn.lastUsedBy ? ` by ${signIn.lastUsedBy}` : null}
              </>
            ) : (
              'Not yet'
            )}
          </Fact>
          <Fact name="Access granted">{signIn.granted?.length ? <code>{signIn.granted.join(' ')}</code> : undefined}</Fact>
          <Fact name="Asked, not granted">
            {signIn.notGranted.length > 0 ? <code>{signIn.notGranted.join(' ')}</code> : undefined}
          </Fact>
          <Fact name="Tried">
            {signIn.checked ? (
              <>
                {signIn.checked.words ? `The service refused it: ${signIn.checked.words}` : 'The service accepted it'},{' '}
                <Ago iso={signIn.checked.at} />
              </>
            ) : undefined}
          </Fact>
          <Fact name="Refresh token">{signIn.hasRefreshToken ? 'Yes' : 'No: the service gave none'}</Fact>
        </>
      ) : null}
      {revocation ? (
        <Fact name={revocation.state === 'waiting' ? 'Revocation waiting' : 'Revocation failed'}>
          <TimeText text={revocation.words} /> Since <At iso={revocation.since} shape="dated" />.
        </Fact>
      ) : null}
    </Facts>
  )
}
