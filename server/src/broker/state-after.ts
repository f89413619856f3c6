import type { Integration } from '../domain/integration.ts'
import type { State } from '../domain/states.ts'
import { isAlive, type StoredToken } from '../domain/stored-token.ts'
import type { Store } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import { stateFor } from './integration-views.ts'
import type { RefreshEnd, Refresher } from './refresher.ts'

/** The state of a row for a caller whose refresh, if there was one, ended so. */
export async function stateAfter(
  parts: { readonly store: Store; readonly catalogue: Catalogue; readonly refresher: Pick<Refresher, 'troubleOf'> },
  integration: Integration,
  token: StoredToken,
  end: RefreshEnd | undefined,
): Promise<State> {
  const now = parts.store.now()
  const words = wordsOf(end, isAlive(token, now))
  const late = words === undefined ? token : { ...token, lastFailure: { at: now, words, retryAt: now } }
  return stateFor(parts, integration, late, await parts.refresher.troubleOf(integration, token))
}

/** Why the caller did not get a renewed token, where the row does not tell; {reason} words of ui.md. */
function wordsOf(end: RefreshEnd | undefined, alive: boolean): string | undefined {
  if (end?.kind === 'timed_out') return 'timed out after 15 s'
  if (end?.kind === 'failed' && alive) return 'Benchkey itself could not ask it'
  return undefined
}
