import { BenchkeyError, type Client, type WireIntegrationDetails } from '@benchkey/sdk'
import { oneLine } from './rows.ts'

/** How often it is looked whether the person is back, in milliseconds. */
export const LOOK_EVERY_MS = 2_000

/** A sign-in that was begun is good for so long; nobody is waited for longer, in milliseconds. */
export const PATIENCE_MS = 10 * 60 * 1000

/** How a sign-in failed so that waiting for another try in the browser helps nobody. */
const FINAL: ReadonlySet<string> = new Set(['denied', 'client_refused', 'scope_refused', 'provider_failed', 'not_saved'])

/** What a restart of the server looks like: no reason to give up. */
const RESTARTS: ReadonlySet<string> = new Set(['server_unavailable', 'database_unavailable'])

/** How the waiting ended; `failed` with the server's words. */
export type Outcome =
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'nobody-came' }

/**
 * Waits for somebody who was sent to `before.link`: until there is a new sign-in, the old one works again, or the service has
 * refused for good. Rejects with the signal's reason, or with what the server says (BenchkeyError).
 */
export async function waitForSignIn(
  client: Pick<Client, 'integration'>,
  before: WireIntegrationDetails,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<Outcome> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS, signal)
    const now = await look(client, before.uid, signal)
    if (!now) continue
    if (isMended(before, now)) return { kind: 'signed-in' }
    const problem = now.last_problem
    if (problem && problem.reference !== before.last_problem?.reference && FINAL.has(problem.code)) {
      const sentence = oneLine(`${problem.title}. ${problem.explanation} (Reference ${problem.reference}.)`)
      return { kind: 'failed', sentence }
    }
  }
  return { kind: 'nobody-came' }
}

async function look(
  client: Pick<Client, 'integration'>,
  uid: string,
  signal: AbortSignal,
): Promise<WireIntegrationDetails | undefined> {
  try {
    return await client.integration(uid, { signal })
  } catch (error) {
    if (error instanceof BenchkeyError && RESTARTS.has(error.code)) return undefined
    throw error
  }
}

/** A new sign-in, or the old one works again. */
function isMended(before: WireIntegrationDetails, now: WireIntegrationDetails): boolean {
  return now.authenticated && (now.signed_in_at !== before.signed_in_at || now.state !== before.state)
}
