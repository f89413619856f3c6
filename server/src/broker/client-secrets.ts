import type { Integration, IntegrationUid } from '../domain/integration.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'

/**
 * Which of its two client secrets a service accepts, as far as this process knows (`client-secret-next`,
 * docs/decisions/0065-a-second-client-secret.md). A request carries one of them, never both.
 */
export class ClientSecrets {
  readonly #acceptedNext = new Map<IntegrationUid, string>()
  readonly #tell: (integration: Integration) => void

  /** `tell`: a service has begun to accept the next secret where it refuses the first. */
  constructor(tell: (integration: Integration) => void) {
    this.#tell = tell
  }

  /** The integration with each of its secrets as the only one to send, the one that is known to work first. */
  inOrder(integration: Integration): readonly [Integration, ...Integration[]] {
    const { clientSecret: first, nextClientSecret: next } = integration.client
    if (next === undefined) return [integration]
    const swapped = { ...integration, client: { ...integration.client, clientSecret: next, nextClientSecret: first } }
    return this.isNextAccepted(integration) ? [swapped, integration] : [integration, swapped]
  }

  /** Learns from how a request ended that was sent with `sent`, one of `inOrder`. */
  learn(integration: Integration, sent: Integration, isAccepted: boolean): void {
    const { nextClientSecret: next } = integration.client
    if (next === undefined || !isAccepted) return
    if (sent.client.clientSecret !== next) this.#acceptedNext.delete(integration.uid)
    else if (!this.isNextAccepted(integration)) {
      this.#acceptedNext.set(integration.uid, next)
      this.#tell(integration)
    }
  }

  /** Whether the service refused the first secret and accepted the next when it was last asked. */
  isNextAccepted({ uid, client }: Integration): boolean {
    return client.nextClientSecret !== undefined && this.#acceptedNext.get(uid) === client.nextClientSecret
  }
}

/** Whether a service that answers so has accepted the client. */
export function acceptsClient({ kind }: TokenOutcome): boolean {
  return kind === 'success' || kind === 'grant_refused'
}

/**
 * Code exchanges and revocations are sent again with the other secret where the client is refused. A service authenticates the client before
 * it looks at the code (RFC 6749 §4.1.3), so a refused one has spent none. Refreshes are announced one by one: their flight turns.
 */
export function withClientSecrets(servers: AuthorizationServers, secrets: ClientSecrets): AuthorizationServers {
  return {
    ...servers,
    exchangeCode: (integration, request) =>
      untilAccepted(secrets, integration, async (sent) => {
        const outcome = await servers.exchangeCode(sent, request)
        return { outcome, isRefused: outcome.kind === 'client_refused', isAccepted: acceptsClient(outcome) }
      }),
    revoke: (integration, request) =>
      untilAccepted(secrets, integration, async (sent) => {
        const outcome = await servers.revoke(sent, request)
        const isRefused = outcome.kind === 'refused' && outcome.isOfClient === true
        return { outcome, isRefused, isAccepted: outcome.kind === 'done' }
      }),
  }
}

/** What was sent with each secret in turn, until one is not refused; the first refusal when all are. */
async function untilAccepted<T>(
  secrets: ClientSecrets,
  integration: Integration,
  send: (sent: Integration) => Promise<{ readonly outcome: T; readonly isRefused: boolean; readonly isAccepted: boolean }>,
): Promise<T> {
  const [first, ...others] = secrets.inOrder(integration)
  let sent = first
  const refusal = await send(sent)
  let end = refusal
  for (const other of others) {
    if (!end.isRefused) break
    sent = other
    end = await send(sent)
  }
  secrets.learn(integration, sent, end.isAccepted)
  return end.isRefused ? refusal.outcome : end.outcome
}
