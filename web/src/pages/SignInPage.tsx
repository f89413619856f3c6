import type { PageIntegration, PageIntegrationDetails, PageSwitchedOff } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link, Redirect } from 'wouter'
import { Button } from '../components/Button.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { Explanation } from '../components/Explanation.tsx'
import { Fact, Facts } from '../components/Facts.tsx'
import { SkeletonLines } from '../components/Skeleton.tsx'
import { StateMark, shapeOf } from '../components/StateMark.tsx'
import { TopBar } from '../components/TopBar.tsx'
import { useWaitingSeconds, WaitingMark } from '../components/WaitingText.tsx'
import { AnotherAccount } from '../components/YourSignIn.tsx'
import { pageData } from '../page-data.ts'
import { pagePaths, sectionOf, withoutBase } from '../paths.ts'
import { integrationQuery, integrationsQuery } from '../queries.ts'
import { useLive } from '../use-live.ts'
import { usePageTitle } from '../use-page-title.ts'
import { useSignIn } from '../use-sign-in.ts'

/** The integration the address names. */
function useNamedIntegration() {
  // From the address itself: the router has decoded its own copy once already.
  const section = sectionOf(withoutBase(location.pathname, pageData.basePath)) ?? ''
  const { data, error } = useQuery(integrationsQuery)
  const integrations = data?.integrations
  return {
    section,
    error,
    isLoaded: data !== undefined,
    // Links to a section's former name are in old messages and bookmarks.
    integration:
      integrations?.find((each) => each.section === section) ??
      integrations?.find((each) => each.previousNames?.includes(section)),
    switchedOff: data?.switchedOff?.find((each) => each.sections.includes(section)),
  }
}

/** Sign in to this one? Opening the page starts nothing, the button does. */
export function SignInPage() {
  useLive()
  const { section, error, isLoaded, integration, switchedOff } = useNamedIntegration()
  const name = integration?.name ?? section
  usePageTitle(`Sign in to ${name}`)
  return (
    <FocusPage>
      {integration ? <SignInQuestion integration={integration} /> : null}
      {isLoaded && !integration ? <NotThere section={section} switchedOff={switchedOff} /> : null}
      {isLoaded || error ? null : <SkeletonLines lines={5} />}
      <ErrorLine error={error} />
    </FocusPage>
  )
}

function SignInQuestion({ integration }: { readonly integration: PageIntegration }) {
  const { data: details, error } = useQuery(integrationQuery(integration.uid))
  const isHealthy = integration.signedIn && integration.tone === 'ok'
  const signIn = useSignIn(integration.uid, 'sign-in-page', { anotherAccount: isHealthy })
  const waitingSeconds = useWaitingSeconds(integration)
  return (
    <>
      <h1>Sign in to {integration.name}</h1>
      {integration.description ? <p>{integration.description}</p> : null}
      <div className="panel sign-in-panel">
        {waitingSeconds === undefined || integration.signedIn ? (
          <StateMark shape={shapeOf(integration)} tone={integration.tone} label={integration.label} />
        ) : (
          <WaitingMark host={integration.host} seconds={waitingSeconds} />
        )}
        <Facts>
          <Fact name="Account">{integration.signedIn ? integration.account : undefined}</Fact>
          <Fact name="Service">{integration.host}</Fact>
          <Fact name="Access asked">{details ? accessWords(details) : '…'}</Fact>
        </Facts>
        <Explanation
          integration={integration}
          waitingSeconds={waitingSeconds}
          error={signIn.error ?? error}
          isStarting={signIn.isStarting}
          onSignIn={signIn.start}
          hasSignInButton
          startsAgain={false}
        />
        {isHealthy ? <p>You are signed in already. Nothing is left to do here.</p> : null}
        {isHealthy && details ? <AnotherAccount details={details} /> : null}
        <Button
          look={isHealthy ? 'plain' : 'primary'}
          aria-label={isHealthy ? undefined : `Sign in to ${integration.name}`}
          busy={signIn.isStarting}
          onClick={signIn.start}
        >
          {isHealthy ? 'Use another account' : 'Sign in'}
        </Button>
      </div>
    </>
  )
}

function accessWords({ configuration: { scopes } }: PageIntegrationDetails): ReactNode {
  return scopes.length === 0 ? 'What the service gives by default' : <code>{scopes.join(' ')}</code>
}

/** Where a sign-in that was started elsewhere ends. */
export function SignInDonePage() {
  useLive()
  const { section, error, isLoaded, integration, switchedOff } = useNamedIntegration()
  usePageTitle(`Signed in to ${integration?.name ?? section}`)
  if (integration && !integration.signedIn) return <Redirect to={pagePaths.signIn(section)} replace />
  return (
    <FocusPage>
      {integration ? (
        <>
          <h1>Signed in</h1>
          <p className="done">
            <StateMark shape="dot" tone="ok" label={doneWords(integration)} />
          </p>
          <Link href={pagePaths.managedCredentials}>Managed Credentials</Link>
        </>
      ) : null}
      {isLoaded && !integration ? <NotThere section={section} switchedOff={switchedOff} /> : null}
      {isLoaded || error ? null : <SkeletonLines lines={2} />}
      <ErrorLine error={error} />
    </FocusPage>
  )
}

function doneWords({ name, account }: PageIntegration): string {
  return `Signed in to ${name}${account ? ` as ${account}` : ''}. You can close this tab; your session has the token already.`
}

function NotThere({ section, switchedOff }: { readonly section: string; readonly switchedOff: PageSwitchedOff | undefined }) {
  return (
    <>
      <h1>{switchedOff ? `${switchedOff.name} is switched off` : 'Unknown integration'}</h1>
      <p>
        {switchedOff
          ? `${switchedOff.explanation} ${switchedOff.action}`
          : `There is no integration “${section}” for you on this server.`}
      </p>
      <Link href={pagePaths.managedCredentials}>Managed Credentials</Link>
    </>
  )
}

function FocusPage({ children }: { readonly children: ReactNode }) {
  return (
    <>
      <TopBar />
      <main className="focus-page">{children}</main>
    </>
  )
}
