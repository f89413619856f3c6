import { hostOf } from '../domain/integration.ts'
import { printable } from '../domain/states.ts'
import type { AuditEvent, Store } from '../store/store.ts'
import type { HealthFinding } from './broker-of-health.ts'
import type { Catalogue } from './catalogue.ts'
import { currentTroubles, type TimeWords } from './health-of-integrations.ts'

/** Sign-ins that failed for so long are told of; then nobody is waiting any more. */
const LATELY_MS = 60 * 60_000
/** Lines of the audit that are looked at. */
const MOST_LINES = 200

/**
 * Sign-ins that failed because the service refuses the client, where nothing is known to be wrong with the integration: nobody may
 * be signed in yet. Told until one succeeds, or until somebody has changed the configuration.
 */
export async function findingsOfSignIns(
  sources: { readonly store: Store; readonly catalogue: Catalogue },
  time: TimeWords,
): Promise<readonly HealthFinding[]> {
  const { store, catalogue } = sources
  const from = new Date(store.now().getTime() - LATELY_MS)
  const newest = async (action: string): Promise<readonly AuditEvent[]> =>
    (await store.audit.search({ action, from, withUse: false }, { limit: MOST_LINES })).events
  const refused = (await newest('sign_in.failed')).filter(({ detail }) => detail?.startsWith('client_refused:'))
  if (refused.length === 0) return []
  const [finished, [applied], troubles] = await Promise.all([
    newest('sign_in.finished'),
    newest('configuration.applied'),
    currentTroubles(sources),
  ])
  return [...Map.groupBy(refused, ({ section }) => section ?? '')].flatMap(([section, lately]): readonly HealthFinding[] => {
    const integration = catalogue.findBySection(section)
    const good = [finished.find((event) => event.section === section), applied].map((event) => event?.at.getTime() ?? 0)
    const failures = lately.filter(({ at }) => at.getTime() > Math.max(...good))
    const [last] = failures
    if (!last || !integration || integration.isDisabled) return []
    if (troubles.has(catalogue.internalId(integration.uid) ?? '')) return []
    const how = failures.length === 1 ? 'A sign-in' : `${failures.length} sign-ins`
    const fact = `${how} to ${printable(integration.displayName)} failed, the last at ${time(last.at)}: ${hostOf(integration.tokenUrl)} refused the client ID or secret.`
    const action = `An administrator finds out why: benchkey verify ${section}`
    return [{ level: 'remark', about: 'integrations', section, acts: ['test', 'open'], fact, action }]
  })
}
