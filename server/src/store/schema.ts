import type { Generated } from 'kysely'
import type { DevelopmentSession } from '../domain/people.ts'
import type {
  ConfigurationDraftsTable,
  ConfigurationStateTable,
  ConfigurationVersionsTable,
  NodeFilesTable,
} from './schema-of-configuration.ts'

/**
 * The tables, as the queries see them. Instants are milliseconds since 1970 (UTC); flags are 0 or 1; ids are random UUIDs
 * and never change; ciphertexts are those of `encryption.ts`.
 */
export interface Tables {
  meta: { key: string; value: string }
  keys: { kid: string; sentinel: string; created_at: number }
  users: UsersTable
  browser_sessions: { id_hash: string; user_id: string; created_at: number; last_seen_at: number }
  integrations: IntegrationsTable
  sign_in_attempts: SignInAttemptsTable
  oauth2_tokens: Oauth2TokensTable
  oauth2_token_secrets: Oauth2TokenSecretsTable
  sessions: SessionsTable
  session_tickets: { ticket_hash: string; session_id: string; browser_session_hash: string; expires_at: number }
  session_entries: { entry_hash: string; session_id: string; browser_session_hash: string; created_at: number }
  services: ServicesTable
  service_tokens: ServiceTokensTable
  device_logins: DeviceLoginsTable
  rpc_cookies: { cookie_hash: string; session_id: string; expires_at: number }
  revocations: RevocationsTable
  audit: AuditTable
  session_addresses: { session_id: string; address: string; first_at: number }
  token_uses: TokenUsesTable
  nodes: NodesTable
  unread_replies: UnreadRepliesTable
  ended_tokens: EndedTokensTable
  configuration_versions: ConfigurationVersionsTable
  configuration_state: ConfigurationStateTable
  configuration_drafts: ConfigurationDraftsTable
  node_files: NodeFilesTable
}

/** People who may log in. */
export interface UsersTable {
  id: string
  name: string
  /** The name without its case, so that no two differ in case only. */
  name_folded: string
  password_hash: string
  is_admin: number
  locked_at: number | null
  created_at: number
}

/** One row per Integration ID ever configured, with what it suffers from now. */
export interface IntegrationsTable {
  id: string
  uid: string
  section: string
  trouble_kind: 'client' | 'connection' | null
  trouble_words: string | null
  trouble_since: number | null
  trouble_retry_at: number | null
  trouble_configuration_hash: string | null
  /** `2026-11-23`, UTC; null: never. */
  expiry_told_on: string | null
}

/** Sign-ins that were started and are neither saved nor given up. */
export interface SignInAttemptsTable {
  id: string
  state_hash: string
  user_id: string
  browser_session_hash: string
  integration_id: string
  section: string
  frozen_hash: string
  frozen_token_url: string
  redirect_uri: string
  /** Ciphertext of the PKCE verifier; null under `pkce=none`. */
  code_verifier: string | null
  kid: string | null
  cookie_hash: string
  scopes_asked: string
  return_to: 'settings' | 'sign-in-page'
  started_at: number
  /** When its one use began. */
  taken_at: number | null
}

/** One row per user and integration: everything of a stored token but its secrets. */
export interface Oauth2TokensTable {
  id: string
  user_id: string
  integration_id: string
  generation: number
  /** Rises with every change that the token path must see; not with leases and uses. */
  revision: number
  has_refresh_token: number
  token_type: string
  issued_at: number
  expires_at: number | null
  signed_in_at: number
  /** JSON array. */
  scopes_asked: string
  /** JSON array; null when the reply did not say. */
  scopes_granted: string | null
  account: string | null
  /** Origin that may be asked for the account and has not told it yet. */
  account_wanted_from: string | null
  refresh_token_expires_at: number | null
  client_fingerprint: string
  renewals: number
  last_renewed_at: number | null
  last_used_at: number | null
  last_used_by: string | null
  reauthentication_reason: 'refused' | 'ended' | 'interrupted' | 'changed' | 'unreadable' | null
  reauthentication_at: number | null
  reauthentication_text: string | null
  /** When a refused refresh token was put aside. */
  parked_at: number | null
  /** 1 once *Try again* sent the parked refresh token. */
  tried_again: number
  failure_at: number | null
  failure_words: string | null
  failure_retry_at: number | null
  /** Refusals that name no known cause since the last good reply. */
  odd_refusals: number
  odd_refusals_since: number | null
  /** The last token request that was announced; a reply counts only for it. */
  last_attempt: string | null
  last_attempt_at: number | null
  /** 1 while that request is not resolved. */
  attempt_open: number
  /** When the validation endpoint last answered for this access token, and its words if it refused it. */
  validated_at: number | null
  validation_words: string | null
  interrupted_at: number | null
  /** When a session last reported that its access token does not work. */
  reported_at: number | null
  lease_node: string | null
  lease_incarnation: string | null
  lease_pid: number | null
  lease_start_time: string | null
  lease_boot: string | null
  /** CLOCK_MONOTONIC of that boot, milliseconds. */
  lease_until: number | null
}

/** The ciphertexts of a stored token, apart from the row the token path reads. */
export interface Oauth2TokenSecretsTable {
  token_id: string
  kid: string
  access_token: string
  refresh_token: string | null
  id_token: string | null
  /** Ciphertext of a JSON object: data that came with the tokens. */
  extra: string | null
}

/** Answers to refreshes that were not understood; they go with their row, and with its next good reply. */
export interface UnreadRepliesTable {
  token_id: string
  attempt: string
  generation: number
  sent_at: number
  kid: string
  /** Ciphertext of a JSON object. */
  reply: string
}

/** Development sessions. */
export interface SessionsTable {
  id: string
  user_id: string
  name: string
  kind: DevelopmentSession['kind']
  started_at: number
  ended_at: number | null
  supervisor_pid: number | null
  supervisor_start_time: string | null
  supervisor_boot: string | null
  /** Node id of the server that opened it; on its host is the supervisor. */
  supervisor_node: string | null
  /** When it ends without anybody ending it; null: with its supervisor. */
  ends_at: number | null
  /** Section of `sessions.conf`; null: Benchkey did not start it. */
  application: string | null
  /** Of a session that Benchkey started; null is `running`. */
  state: DevelopmentSession['state'] | null
  ended_why: string | null
  /** Unix account it runs as. */
  account: string | null
  runtime_dir: string | null
  socket_path: string | null
  /** Where it says it runs, when that is not this server's host. */
  host: string | null
  /** Name of the service token that started it. */
  service: string | null
  /** JSON array of Integration IDs; null: all. */
  limited_to: string | null
  last_active_at: number | null
  /** Of 127.0.0.1; null: its application answers at the socket, or there is none. */
  port: number | null
  /** Ciphertext: what the application demands of the proxy. */
  secret: string | null
  /** Ciphertext of a JSON array: the last lines that an application which has ended wrote. */
  log: string | null
}

/** Programs of others that start sessions for users. */
export interface ServicesTable {
  id: string
  name: string
  /** JSON array: `user:U`, `group:G`. */
  acts_for: string
  all_users: number
  /** JSON array of addresses and ranges; null: any. */
  from_addresses: string | null
  /** JSON array of Integration IDs; null: all. */
  limited_to: string | null
  max_sessions: number
  max_life_seconds: number
  created_at: number
}

/** What services show; two while one is being rotated. */
export interface ServiceTokensTable {
  token_hash: string
  service_id: string
  created_at: number
  expires_at: number
  last_used_at: number | null
}

/** Terminals that wait to be logged in. */
export interface DeviceLoginsTable {
  /** Of the code that the terminal keeps. */
  device_hash: string
  /** Of the code that a person types. */
  user_hash: string
  /** Where it says it runs. */
  host: string
  address: string
  started_at: number
  expires_at: number
  /** Who decided; null: it waits. */
  user_id: string | null
  is_approved: number | null
}

/** Tokens that wait to be revoked at the service, and those it never confirmed. */
export interface RevocationsTable {
  id: string
  user_id: string
  integration_id: string
  /** Ciphertext; null once it is of no use any more. */
  token: string | null
  kid: string | null
  token_type_hint: 'refresh_token' | 'access_token'
  /** Null: of before it was kept. */
  client_fingerprint: string | null
  state: 'waiting' | 'failed' | 'cancelled'
  queued_at: number
  next_at: number
  give_up_at: number
  tries: number
  words: string
}

/** Who did what, and who got what. */
export interface AuditTable {
  id: Generated<number>
  at: number
  action: string
  outcome: 'ok' | 'refused' | 'failed'
  user_name: string | null
  /** Administrator who did it to them. */
  by_name: string | null
  session_id: string | null
  session_name: string | null
  section: string | null
  address: string | null
  fingerprint: string | null
  count: number | null
  reference: string | null
  detail: string | null
}

/** Hand-outs of tokens by session, integration and quarter of an hour: what people see of their activity. The audit has each of them. */
export interface TokenUsesTable {
  /** Of `sessions`, which may be gone. */
  session_id: string
  section: string
  /** Start of the quarter. */
  quarter_at: number
  user_id: string
  session_name: string
  kind: DevelopmentSession['kind']
  application: string | null
  service: string | null
  first_at: number
  last_at: number
  count: number
}

/** Server processes that run, or fell silent a moment ago. */
export interface NodesTable {
  /** Unique per process. */
  incarnation: string
  /** Host and its space of process ids: pids compare only within one. */
  node_id: string
  host: string
  version: string
  pid: number
  start_time: string
  boot: string
  started_at: number
  configuration_hash: string
  heartbeat_at: number
  /** What `heartbeat_ms` and `steady_ms` are measured on: for SQLite this boot's CLOCK_MONOTONIC. */
  clock: string
  heartbeat_ms: number
  /** Since when no heartbeat was late. */
  steady_ms: number
  /** The database's epoch in which it has brought forward what its journal held. */
  epoch: string | null
}

/** Rows of `oauth2_tokens` that are gone for good. */
export interface EndedTokensTable {
  token_id: string
  ended_at: number
}
