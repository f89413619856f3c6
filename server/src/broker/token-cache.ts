import { hash } from 'node:crypto'
import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'

/** A decrypted reply, ready to send. */
export interface CachedReply {
  readonly generation: number
  /** Identity matters: another configuration may word another warning. */
  readonly integration: Integration
  /** JSON in ASCII. */
  readonly body: string
  readonly fingerprint: string
}

/** About 30 MiB at the longest tokens seen (2,500 characters). */
const LIMIT = 10_000

/**
 * Decrypted replies of the token path, bounded. An entry counts only for the row and generation that the look-up of the same
 * request returned (docs/decisions/0005-replies-in-memory.md).
 */
export class TokenCache {
  readonly #replies = new Map<string, CachedReply>()

  find(token: StoredToken, integration: Integration): CachedReply | undefined {
    const reply = this.#replies.get(token.id)
    return reply?.generation === token.generation && reply.integration === integration ? reply : undefined
  }

  keep(token: StoredToken, reply: CachedReply): void {
    this.#replies.delete(token.id)
    this.#replies.set(token.id, reply)
    if (this.#replies.size <= LIMIT) return
    const oldest = this.#replies.keys().next().value
    if (oldest !== undefined) this.#replies.delete(oldest)
  }
}

/** First 16 hex digits of a token's SHA-256: names it in audit and reports without giving it away. */
export function fingerprintOf(token: string): string {
  return hash('sha256', token, 'hex').slice(0, 16)
}
