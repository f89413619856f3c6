import type { Integration, Parameters } from '../domain/integration.ts'
import type { UnreadReply } from '../domain/unread-reply.ts'
import type { AccountOutcome, RevocationOutcome, TokenOutcome, TokenReply, ValidationOutcome } from './outcome.ts'

/** Requests to authorization servers, as the broker makes them. `createAuthorizationServers` (this room) builds one. */
export interface AuthorizationServers {
  /** The URL to navigate to; `more` parameters take the place of configured ones; keeps a query the authorization URL has, never duplicates a parameter. RFC 6749 §4.1.1, RFC 7636 §4.3. */
  authorizationRequestUrl(
    integration: Integration,
    request: { redirectUri: string; state: string; codeChallenge?: string; more?: Parameters },
  ): string
  /** RFC 6749 §4.1.3. Sent once, never retried. */
  exchangeCode(
    integration: Integration,
    request: { code: string; redirectUri: string; codeVerifier?: string },
  ): Promise<TokenOutcome>
  /** RFC 6749 §6. `mayLeave` is asked on the fresh connection, right before the first byte is written (the send fence). */
  refresh(integration: Integration, request: { refreshToken: string; mayLeave: () => boolean }): Promise<TokenOutcome>
  /** RFC 7009 §2.1. The integration must have a revocation URL. */
  revoke(
    integration: Integration,
    request: { token: string; tokenTypeHint: 'refresh_token' | 'access_token' },
  ): Promise<RevocationOutcome>
  /** A refresh's answer that was not understood when it came, under today's configuration; undefined when it still is not. */
  readAgain(integration: Integration, unread: UnreadReply): Promise<TokenReply | undefined>
  /** A GET with the token at `validate-url`, which the integration must have, through the same guard and limits. */
  validate(integration: Integration, accessToken: string): Promise<ValidationOutcome>
  /** A GET with the token at `account-url`, which the integration must have, through the same guard and limits. */
  askAccount(integration: Integration, accessToken: string): Promise<AccountOutcome>
}
