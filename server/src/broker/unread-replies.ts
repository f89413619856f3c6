import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { UnreadReply } from '../domain/unread-reply.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import { type AttemptKey, type Store, StoreError } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Catalogue } from './catalogue.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'
import { savedReplyOf } from './saved-reply.ts'

/** What reading answers again is made of. */
export interface UnreadReplyParts {
  readonly store: Pick<Store, 'tokens' | 'unreadReplies'>
  readonly servers: Pick<AuthorizationServers, 'readAgain'>
  readonly catalogue: Pick<Catalogue, 'findByInternalId' | 'fingerprintOf'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
}

type Entry = AttemptKey & { readonly sentAt: Date }

/**
 * Reads answers that were not understood again, at the start and when the configuration has changed: at a service that rotates, one
 * of them holds the only live tokens of a sign-in (refresh.md, *Uncertain outcomes*).
 */
export class UnreadReplies {
  readonly #parts: UnreadReplyParts
  #reading: Promise<unknown> = Promise.resolve()

  constructor(parts: UnreadReplyParts) {
    this.#parts = parts
  }

  /** In the background, one after the other. */
  start(): void {
    this.#reading = this.#reading.then(() =>
      this.recover().catch((failure: unknown) =>
        this.#parts.log.error({ failure: kindOfFailure(failure) }, 'Answers that were not understood could not be read again.'),
      ),
    )
  }

  /** How many sign-ins got tokens out of them. */
  async recover(): Promise<number> {
    let recovered = 0
    for (const entry of await this.#parts.store.unreadReplies.list()) if (await this.#readAgain(entry)) recovered += 1
    return recovered
  }

  async close(): Promise<void> {
    await this.#reading
  }

  async #readAgain(entry: Entry): Promise<boolean> {
    const { store, catalogue, servers, audit, changes } = this.#parts
    const token = await store.tokens.get(entry.tokenId)
    const integration = token && catalogue.findByInternalId(token.integrationId)
    if (!token || !integration || token.clientFingerprint !== catalogue.fingerprintOf(integration)) return false
    const unread = await this.#open(entry, integration)
    const reply = unread && (await servers.readAgain(integration, unread))
    if (!reply || !(await store.unreadReplies.recover(entry, savedReplyOf(integration, reply, entry.sentAt)))) return false
    await audit.record({ action: 'token.recovered', outcome: 'ok', ...namesOf(token, integration) })
    changes.publish(token.userId, 'integrations')
    return true
  }

  async #open(entry: Entry, { section }: Integration): Promise<UnreadReply | undefined> {
    try {
      return await this.#parts.store.unreadReplies.read(entry)
    } catch (failure) {
      if (!(failure instanceof StoreError) || failure.code !== 'unreadable') throw failure
      this.#parts.log.warn({ section }, 'An answer that was kept is damaged and is not read.')
      return undefined
    }
  }
}

function namesOf({ userId }: StoredToken, { section }: Integration): { userId: string; section: string } {
  return { userId, section }
}
