import type { Store } from '../store/store.ts'
import type { AuditFilter } from '../store/store-of-audit.ts'
import type { AuditLog } from './audit-log.ts'
import type { Actor, AuditDesk, AuditLine, AuditQuery } from './broker-of-oversight.ts'
import type { Catalogue } from './catalogue.ts'

/** Lines on one page. */
const PAGE_LINES = 100

/** Lines of an export that are in memory at once. */
const EXPORT_LINES = 1000

const FAILED = 'sign_in.failed'

/** The audit, read by page and as a whole. */
export class AuditReader implements AuditDesk {
  readonly #store: Store
  readonly #catalogue: Catalogue
  readonly #audit: Pick<AuditLog, 'record' | 'flush'>

  constructor(parts: { store: Store; catalogue: Catalogue; audit: Pick<AuditLog, 'record' | 'flush'> }) {
    this.#store = parts.store
    this.#catalogue = parts.catalogue
    this.#audit = parts.audit
  }

  async list(query: AuditQuery, before?: number): ReturnType<AuditDesk['list']> {
    const page = { limit: PAGE_LINES, ...(before === undefined ? {} : { before }) }
    const [{ events, next }, actions] = await Promise.all([
      this.#store.audit.search(this.#filterOf(query), page),
      this.#store.audit.actions(),
    ])
    return { lines: events, actions, ...(next === undefined ? {} : { next }) }
  }

  async *export(by: Actor, query: AuditQuery): AsyncIterable<readonly AuditLine[]> {
    await this.#audit.record({ action: 'audit.exported', outcome: 'ok', ...aboutSelf(by) })
    const filter = this.#filterOf(query)
    const last = (await this.#store.audit.newest())?.id ?? 0
    let after: number | undefined = 0
    while (after !== undefined) {
      const { events, next }: Awaited<ReturnType<Store['audit']['scan']>> = await this.#store.audit.scan(filter, {
        ...{ limit: EXPORT_LINES, after, last },
      })
      yield events
      after = next
    }
  }

  #filterOf({ integration, reference, ...rest }: AuditQuery): AuditFilter {
    // Failed sign-ins alone have one, and an index leads to those.
    const query = reference === undefined ? rest : { action: FAILED, ...rest, reference: reference.toUpperCase() }
    if (integration === undefined) return query
    const [named] = this.#catalogue.named(integration)
    const known = this.#catalogue.find(integration.toLowerCase()) ?? named
    return { ...query, section: known?.section ?? integration }
  }
}

/** An act on nobody else is about whoever did it. */
export function aboutSelf({ name, address }: Actor): { userName?: string; address?: string } {
  return { ...(name === undefined ? {} : { userName: name }), ...(address === undefined ? {} : { address }) }
}
