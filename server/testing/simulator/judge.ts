import type { RefreshReuse } from '../../src/domain/integration.ts'
import type { SeenRequest } from './provider.ts'

/** In calm weather a token of an hour is not refreshed again within this time. */
const CALM_PAUSE_MS = 30 * 60_000

/**
 * What is wrong with the token requests a provider saw: two of live nodes at once, a replay outside the integration's rule, and
 * in histories without faults any replay and any haste.
 */
export function complaintsAbout(requests: readonly SeenRequest[], reuse: RefreshReuse, faulty: boolean): readonly string[] {
  const latest = new Map<number | undefined, number>()
  return requests.flatMap((seen) => {
    const sinceMs = seen.at - (latest.get(seen.family) ?? Number.NEGATIVE_INFINITY)
    latest.set(seen.family, seen.at)
    const hasty = !faulty && sinceMs < CALM_PAUSE_MS
    return [
      ...(hasty ? [`refreshed again after ${Math.round(sinceMs)} ms in calm weather`] : []),
      ...(seen.overlapped ? [`two requests at once at ${new Date(seen.at).toISOString()}`] : []),
      ...(seen.replay && !faulty ? ['a refresh token was used twice in calm weather'] : []),
      ...(seen.replay ? replayComplaints(seen, reuse) : []),
    ]
  })
}

function replayComplaints(seen: SeenRequest, { kind }: RefreshReuse): readonly string[] {
  const left = Math.round(seen.lifeLeftMs)
  if (kind === 'strict' && left > 0) return [`strict: replayed with ${left} ms of life left`]
  if (kind === 'unknown' && left > 5 * 60_000) return [`unknown: replayed with ${left} ms of life left`]
  const outside = kind === 'grace' && left > 0 && (seen.sinceSpentMs ?? 0) >= 60_000
  return outside ? [`grace: replayed ${seen.sinceSpentMs} ms after it was spent`] : []
}
