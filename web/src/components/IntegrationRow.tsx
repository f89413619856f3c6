import type { PageIntegration } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { Info } from 'lucide-react'
import type { ReactNode } from 'react'
import { integrationQuery, queryClient } from '../queries.ts'
import { plainTextOf } from '../times.ts'
import { useSignIn } from '../use-sign-in.ts'
import { useTint } from '../use-tint.ts'
import { labelParts } from '../words.ts'
import { Button } from './Button.tsx'
import { Explanation } from './Explanation.tsx'
import { IconButton } from './IconButton.tsx'
import { StateMark, shapeOf } from './StateMark.tsx'
import { Tile } from './Tile.tsx'
import { TimeText } from './TimeText.tsx'
import { useWaitingSeconds, WaitingMark } from './WaitingText.tsx'

interface IntegrationRowProps {
  readonly integration: PageIntegration
  /** The user is changing it here, so its change is no news. */
  readonly isBeingChanged: boolean
  readonly onInfo: () => void
  /** Asked for when the facts for the question (running sessions) are there. */
  readonly onSignOut: () => void
}

/** One integration: tile, name, state, one button, Info; under it what is wrong, if anything is. */
export function IntegrationRow({ integration, isBeingChanged, onInfo, onSignOut }: IntegrationRowProps) {
  const { name, uid, signedIn } = integration
  // Whoever is signed in well and waits, waits for another account.
  const signIn = useSignIn(uid, 'settings', { anotherAccount: signedIn && integration.tone === 'ok' })
  const askSignOut = useMutation({ mutationFn: () => queryClient.fetchQuery(integrationQuery(uid)), onSuccess: onSignOut })
  const waitingSeconds = useWaitingSeconds(integration)
  const tint = useTint({
    said: `${name}: ${plainTextOf(integration.label, new Date())}`,
    signature: JSON.stringify([integration.state, integration.label, integration.account, signedIn]),
    isBeingChanged,
  })
  return (
    <li className="row" data-section={integration.section} {...tint}>
      <Tile name={name} icon={integration.icon} />
      <div className="row-name">
        <h3>{name}</h3>
        {integration.description ? (
          <p className="secondary one-line" title={integration.description}>
            {integration.description}
          </p>
        ) : null}
      </div>
      <div className="row-state">
        <RowState integration={integration} waitingSeconds={waitingSeconds} />
      </div>
      <div className="row-actions">
        {signedIn ? (
          <Button
            className="row-button"
            aria-label={`Sign out of ${name}`}
            busy={askSignOut.isPending}
            onClick={() => askSignOut.mutate()}
          >
            Sign out
          </Button>
        ) : (
          <Button className="row-button" aria-label={`Sign in to ${name}`} busy={signIn.isStarting} onClick={signIn.start}>
            Sign in
          </Button>
        )}
        <IconButton label={`Info about ${name}`} tip="Info" icon={<Info size={16} />} onClick={onInfo} />
      </div>
      <div className="row-below">
        <Explanation
          integration={integration}
          waitingSeconds={waitingSeconds}
          error={signIn.error ?? askSignOut.error}
          isStarting={signIn.isStarting}
          onSignIn={signIn.start}
          hasSignInButton={!signedIn}
          startsAgain
        />
      </div>
    </li>
  )
}

function RowState({
  integration,
  waitingSeconds,
}: {
  readonly integration: PageIntegration
  readonly waitingSeconds: number | undefined
}): ReactNode {
  if (waitingSeconds !== undefined && !integration.signedIn)
    return <WaitingMark host={integration.host} seconds={waitingSeconds} />
  const { label, rest } = labelParts(integration)
  const account = integration.signedIn && integration.account ? `as ${integration.account}` : undefined
  const second = [account, rest].filter((part) => part !== undefined).join('\u00a0· ')
  return (
    <>
      <StateMark shape={shapeOf(integration)} tone={integration.tone} label={label} />
      {second === '' ? null : (
        <p className="secondary row-account">
          <TimeText text={second} />
        </p>
      )}
    </>
  )
}
