import type { HousekeepingFacts } from '../domain/oversight-words.ts'
import { pagePhrasing } from '../domain/states.ts'
import { StoreError } from '../store/store.ts'
import type { IntegrationHealth, Overview, OverviewFacts } from './broker-of-oversight.ts'
import { type HealthSources, healthOf } from './health.ts'
import { cannotMostlyRenew, currentTroubles, talliesOf } from './health-of-integrations.ts'

/** What the dashboard is made of: what a health report is, too. */
export type OverviewParts = HealthSources

/** The dashboard of administrators, from the health report and the figures beside it. */
export class OverviewDesk implements Overview {
  readonly #parts: OverviewParts

  constructor(parts: OverviewParts) {
    this.#parts = parts
  }

  async show(): Promise<OverviewFacts> {
    // Paths are the page's business; of the phrasing only its instants are used.
    const report = await healthOf(this.#parts, pagePhrasing('').time)
    const now = this.#parts.store.now()
    if (!report.facts) return { report, now }
    try {
      const [integrations, housekeeping] = await Promise.all([this.#integrations(), this.#housekeeping()])
      return { report, now, integrations, housekeeping }
    } catch (failure) {
      // The database went away after the report: the next look tells.
      if (!(failure instanceof StoreError)) throw failure
      return { report, now }
    }
  }

  async #integrations(): Promise<readonly IntegrationHealth[]> {
    const { catalogue } = this.#parts
    const [tallies, troubles] = await Promise.all([talliesOf(this.#parts), currentTroubles(this.#parts)])
    return catalogue.all().map((integration) => {
      const internalId = catalogue.internalId(integration.uid) ?? ''
      const tally = tallies.get(internalId)
      return {
        integration,
        hasTrouble: troubles.has(internalId),
        people: tally?.total ?? 0,
        peopleToSignIn: tally?.needSignIn ?? 0,
        peopleWithoutRefresh: tally?.cannotRenew ?? 0,
        cannotMostlyRenew: tally !== undefined && cannotMostlyRenew(tally),
        delayed: tally?.delayed ?? 0,
        ...(tally?.lastUsedAt ? { lastTokenAt: tally.lastUsedAt } : {}),
      }
    })
  }

  async #housekeeping(): Promise<HousekeepingFacts> {
    const { store, audit, results } = this.#parts
    const [revocations, newest, keys] = await Promise.all([store.revocations.counts(), store.audit.newest(), store.keys()])
    return {
      dialect: store.dialect,
      revocations,
      journal: { waiting: results.overdue },
      audit: { lost: audit.lost, ...(newest ? { newestAt: newest.at } : {}) },
      keys,
    }
  }
}
