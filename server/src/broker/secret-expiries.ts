import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import { expiryOf, expirySentence } from '../domain/secret-expiry.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Catalogue } from './catalogue.ts'
import { talliesOf } from './health-of-integrations.ts'
import { signInsThatStand } from './health-of-secrets.ts'
import type { Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** A day has begun somewhere within it; what is told then is told once a day all the same. */
const LOOK_MS = 60 * 60_000
const ACTION = 'client_secret.expires'

/** What the look for ending client secrets is made of. */
export interface ExpiryParts {
  readonly store: Pick<Store, 'integrations' | 'tokens' | 'now'>
  readonly catalogue: Pick<Catalogue, 'all' | 'internalId' | 'findByInternalId' | 'fingerprintOf'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly effects: Pick<Effects, 'sleep'>
  readonly log: Log
}

/** Says once a day (UTC), in log and audit, which client secrets end within 30 days or have ended (`client-secret-expires`). */
export class SecretExpiries {
  readonly #parts: ExpiryParts
  readonly #loop: Periodic

  constructor(parts: ExpiryParts) {
    this.#parts = parts
    this.#loop = new Periodic('look for client secrets that end', LOOK_MS, parts, () => this.look())
  }

  start(): void {
    this.#loop.start()
  }

  async close(): Promise<void> {
    await this.#loop.close()
  }

  /** Another node may say it today: the row of the integration decides. Who dies between row and audit leaves that day untold. */
  async look(): Promise<void> {
    const { store, catalogue } = this.#parts
    const now = store.now()
    const ending = catalogue.all().filter((each) => !each.isDisabled && expiryIn(each, now))
    if (ending.length === 0) return
    const tallies = await talliesOf(this.#parts)
    for (const integration of ending) {
      const internalId = catalogue.internalId(integration.uid)
      if (internalId === undefined || !(await store.integrations.claimExpiryDay(internalId, dayOf(now)))) continue
      await this.#tell(integration, now, tallies.get(internalId)?.total ?? 0)
    }
  }

  async #tell(integration: Integration, now: Date, signIns: number): Promise<void> {
    const { audit, log } = this.#parts
    const expiry = expiryIn(integration, now)
    if (!expiry) return
    const { section, client } = integration
    const { fact, action } = expirySentence(expiry, client.nextClientSecret !== undefined)
    log.warn({ section }, `Of this integration ${fact}, and ${signInsThatStand(signIns)}; ${action}.`)
    const outcome = expiry.daysLeft > 0 ? 'ok' : 'failed'
    await audit.record({ action: ACTION, outcome, section, detail: `${fact}; ${signInsThatStand(signIns)}` })
  }
}

function expiryIn({ clientSecretExpires }: Integration, now: Date) {
  return clientSecretExpires && expiryOf(clientSecretExpires, now)
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
