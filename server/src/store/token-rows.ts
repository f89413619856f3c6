import type { Kysely, Selectable, UpdateObject } from 'kysely'
import { sql } from 'kysely'
import type { StoredToken } from '../domain/stored-token.ts'
import { ifSet, toDate } from './database.ts'
import type { Oauth2TokensTable, Tables } from './schema.ts'

/** A row of `oauth2_tokens` with the Integration ID people know it by. */
export type TokenRow = Selectable<Oauth2TokensTable> & { readonly integration_uid: string }

/** A stored token from its row. */
export function toStoredToken(row: TokenRow): StoredToken {
  return {
    id: row.id,
    userId: row.user_id,
    integrationId: row.integration_id,
    integrationUid: row.integration_uid,
    generation: row.generation,
    hasRefreshToken: row.has_refresh_token === 1,
    ...ifSet('expiresAt', row.expires_at, toDate),
    issuedAt: toDate(row.issued_at),
    signedInAt: toDate(row.signed_in_at),
    scopesAsked: JSON.parse(row.scopes_asked) as string[],
    ...ifSet('scopesGranted', row.scopes_granted, (json) => JSON.parse(json) as string[]),
    tokenType: row.token_type,
    ...ifSet('account', row.account),
    ...ifSet('accountWantedFrom', row.account_wanted_from),
    ...ifSet('refreshTokenExpiresAt', row.refresh_token_expires_at, toDate),
    clientFingerprint: row.client_fingerprint,
    renewals: row.renewals,
    ...ifSet('lastRenewedAt', row.last_renewed_at, toDate),
    ...ifSet('lastUsedAt', row.last_used_at, toDate),
    ...ifSet('lastUsedBy', row.last_used_by),
    ...ifSet('reauthentication', reauthenticationOf(row)),
    parked: row.parked_at !== null && row.tried_again === 0,
    ...ifSet('lastFailure', failureOf(row)),
    ...ifSet('intent', intentOf(row)),
    ...ifSet('oddRefusals', row.odd_refusals_since, (since) => ({ count: row.odd_refusals, since: toDate(since) })),
    ...ifSet('validation', row.validated_at, (at) => ({ at: toDate(at), ...ifSet('words', row.validation_words) })),
    ...ifSet('interruptedAt', row.interrupted_at, toDate),
    ...ifSet('reportedAt', row.reported_at, toDate),
  }
}

/** New values for columns of `oauth2_tokens`. */
export type TokenChange = UpdateObject<Tables, 'oauth2_tokens'>

/** Changes rows in a way the token path must see: their revision rises too. */
export function changeTokens(database: Kysely<Tables>, values: TokenChange) {
  return database.updateTable('oauth2_tokens').set({ ...values, revision: sql<number>`revision + 1` })
}

/** No failure, no refusal, no request under way: what a good reply leaves. */
export const CLEAN = {
  reauthentication_reason: null,
  reauthentication_at: null,
  reauthentication_text: null,
  parked_at: null,
  tried_again: 0,
  failure_at: null,
  failure_words: null,
  failure_retry_at: null,
  odd_refusals: 0,
  odd_refusals_since: null,
  attempt_open: 0,
  interrupted_at: null,
  validated_at: null,
  validation_words: null,
} as const

function reauthenticationOf(row: TokenRow): StoredToken['reauthentication'] {
  if (row.reauthentication_reason === null || row.reauthentication_at === null) return undefined
  return {
    reason: row.reauthentication_reason,
    at: toDate(row.reauthentication_at),
    ...ifSet('providerText', row.reauthentication_text),
  }
}

function failureOf(row: TokenRow): StoredToken['lastFailure'] {
  if (row.failure_at === null) return undefined
  return { at: toDate(row.failure_at), words: row.failure_words ?? '', retryAt: toDate(row.failure_retry_at ?? row.failure_at) }
}

function intentOf(row: TokenRow): StoredToken['intent'] {
  if (row.attempt_open === 0 || row.last_attempt === null || row.last_attempt_at === null) return undefined
  return { attempt: row.last_attempt, generation: row.generation, at: toDate(row.last_attempt_at) }
}
