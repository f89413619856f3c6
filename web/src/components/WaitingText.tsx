import type { PageIntegration } from '@benchkey/sdk/pages'
import { durationWords } from '../times.ts'
import { useNow } from '../use-now.ts'
import { StateMark } from './StateMark.tsx'

/** A sign-in attempt lives this long (security.md, *Authorization request*). */
const ATTEMPT_SECONDS = 600

/** From then on the page says what most often keeps people from coming back. */
const HINT_AFTER_SECONDS = 60

/** Seconds since the newest open sign-in attempt was started; undefined when there is none. Renewed every second. */
export function useWaitingSeconds({ waitingSince }: Pick<PageIntegration, 'waitingSince'>): number | undefined {
  const now = useNow(waitingSince === undefined ? undefined : 1000)
  if (waitingSince === undefined) return undefined
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(waitingSince)) / 1000))
  return seconds < ATTEMPT_SECONDS ? seconds : undefined
}

/** "Waiting for box.com (40 s)". */
export const waitingWords = (host: string, seconds: number): string => `Waiting for ${host} (${durationWords(seconds)})`

/** The same as a state, for a row that has no other. */
export function WaitingMark({ host, seconds }: { readonly host: string; readonly seconds: number }) {
  return <StateMark shape="clock" tone="neutral" label={waitingWords(host, seconds)} />
}

/** Where to look when the service shows an error instead of coming back; nothing in the first minute. */
export function RedirectUriHint({ integration, seconds }: { readonly integration: PageIntegration; readonly seconds: number }) {
  if (seconds < HINT_AFTER_SECONDS) return null
  return (
    <p>
      Does {integration.host} show an error instead of coming back? Most often the redirect URI registered there is not exactly{' '}
      <code>{integration.redirectUri}</code>.
    </p>
  )
}
