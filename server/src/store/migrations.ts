import { type CreateTableBuilder, type Kysely, sql, type Transaction } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Tables } from './schema.ts'

// Never change a migration that was released: add one.
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_main_trip': { up: createMainTrip },
}

/** Names of the migrations this program knows, oldest first. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS).sort()

/** Brings the database up to this program inside the caller's transaction: all of it or nothing. */
export async function migrate(transaction: Transaction<Tables>): Promise<void> {
  const migrator = new Migrator({ db: transaction, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

type Db = Kysely<unknown>

/** Kysely names a migration's database with any type it likes; ours are plain statements without row types. */
async function createMainTrip(db: Kysely<never>): Promise<void> {
  const plain: Db = db as unknown as Db
  await createFoundations(plain)
  await createTokens(plain)
  await createSessions(plain)
  await createRecords(plain)
}

async function createFoundations(db: Db): Promise<void> {
  await table(db, 'meta')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute()
  await table(db, 'keys')
    .addColumn('kid', 'text', (c) => c.primaryKey())
    .addColumn('sentinel', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await table(db, 'users')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('name_folded', 'text', (c) => c.notNull().unique())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('is_admin', 'integer', (c) => c.notNull())
    .addColumn('locked_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await table(db, 'browser_sessions')
    .addColumn('id_hash', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .execute()
  await index(db, 'browser_sessions', ['user_id'])
  await index(db, 'browser_sessions', ['last_seen_at'])
  await table(db, 'integrations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('uid', 'text', (c) => c.notNull().unique())
    .addColumn('section', 'text', (c) => c.notNull())
    .addColumn('trouble_kind', 'text')
    .addColumn('trouble_words', 'text')
    .addColumn('trouble_since', 'bigint')
    .addColumn('trouble_retry_at', 'bigint')
    .addColumn('trouble_configuration_hash', 'text')
    .execute()
}

async function createTokens(db: Db): Promise<void> {
  await table(db, 'sign_in_attempts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('state_hash', 'text', (c) => c.notNull().unique())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('browser_session_hash', 'text', (c) => c.notNull())
    .addColumn('integration_id', 'text', (c) => c.notNull().references('integrations.id'))
    .addColumn('section', 'text', (c) => c.notNull())
    .addColumn('frozen_hash', 'text', (c) => c.notNull())
    .addColumn('frozen_token_url', 'text', (c) => c.notNull())
    .addColumn('redirect_uri', 'text', (c) => c.notNull())
    .addColumn('code_verifier', 'text')
    .addColumn('kid', 'text', (c) => c.references('keys.kid'))
    .addColumn('cookie_hash', 'text', (c) => c.notNull())
    .addColumn('scopes_asked', 'text', (c) => c.notNull())
    .addColumn('return_to', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .execute()
  await index(db, 'sign_in_attempts', ['user_id', 'started_at'])
  await index(db, 'sign_in_attempts', ['started_at'])
  await createTokenTable(db)
  await db.schema
    .createIndex('oauth2_tokens_of_user')
    .unique()
    .on('oauth2_tokens')
    .columns(['user_id', 'integration_id'])
    .execute()
  await index(db, 'oauth2_tokens', ['integration_id', 'issued_at'])
  await db.schema
    .createIndex('oauth2_tokens_parked')
    .on('oauth2_tokens')
    .column('parked_at')
    .where(sql.ref('parked_at'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('oauth2_tokens_open')
    .on('oauth2_tokens')
    .column('attempt_open')
    .where(sql.ref('attempt_open'), '=', 1)
    .execute()
  await db.schema
    .createIndex('oauth2_tokens_interrupted')
    .on('oauth2_tokens')
    .column('interrupted_at')
    .where(sql.ref('interrupted_at'), 'is not', null)
    .execute()
  await table(db, 'oauth2_token_secrets')
    .addColumn('token_id', 'text', (c) => c.primaryKey().references('oauth2_tokens.id').onDelete('cascade'))
    .addColumn('kid', 'text', (c) => c.notNull().references('keys.kid'))
    .addColumn('access_token', 'text', (c) => c.notNull())
    .addColumn('refresh_token', 'text')
    .addColumn('id_token', 'text')
    .execute()
  await index(db, 'oauth2_token_secrets', ['kid'])
}

async function createTokenTable(db: Db): Promise<void> {
  await table(db, 'oauth2_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('integration_id', 'text', (c) => c.notNull().references('integrations.id'))
    .addColumn('generation', 'integer', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('has_refresh_token', 'integer', (c) => c.notNull())
    .addColumn('token_type', 'text', (c) => c.notNull())
    .addColumn('issued_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('signed_in_at', 'bigint', (c) => c.notNull())
    .addColumn('scopes_asked', 'text', (c) => c.notNull())
    .addColumn('scopes_granted', 'text')
    .addColumn('account', 'text')
    .addColumn('refresh_token_expires_at', 'bigint')
    .addColumn('client_fingerprint', 'text', (c) => c.notNull())
    .addColumn('renewals', 'integer', (c) => c.notNull())
    .addColumn('last_renewed_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('last_used_by', 'text')
    .addColumn('reauthentication_reason', 'text')
    .addColumn('reauthentication_at', 'bigint')
    .addColumn('reauthentication_text', 'text')
    .addColumn('parked_at', 'bigint')
    .addColumn('tried_again', 'integer', (c) => c.notNull())
    .addColumn('failure_at', 'bigint')
    .addColumn('failure_words', 'text')
    .addColumn('failure_retry_at', 'bigint')
    .addColumn('odd_refusals', 'integer', (c) => c.notNull())
    .addColumn('odd_refusals_since', 'bigint')
    .addColumn('last_attempt', 'text')
    .addColumn('last_attempt_at', 'bigint')
    .addColumn('attempt_open', 'integer', (c) => c.notNull())
    .addColumn('interrupted_at', 'bigint')
    .addColumn('lease_node', 'text')
    .addColumn('lease_incarnation', 'text')
    .addColumn('lease_pid', 'integer')
    .addColumn('lease_start_time', 'text')
    .addColumn('lease_boot', 'text')
    .addColumn('lease_until', 'bigint')
    .execute()
}

async function createSessions(db: Db): Promise<void> {
  await table(db, 'sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('supervisor_pid', 'integer')
    .addColumn('supervisor_start_time', 'text')
    .addColumn('supervisor_boot', 'text')
    .execute()
  await index(db, 'sessions', ['user_id', 'ended_at'])
  await index(db, 'sessions', ['ended_at'])
  await table(db, 'rpc_cookies')
    .addColumn('cookie_hash', 'text', (c) => c.primaryKey())
    .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await index(db, 'rpc_cookies', ['session_id'])
  await index(db, 'rpc_cookies', ['expires_at'])
}

async function createRecords(db: Db): Promise<void> {
  await table(db, 'revocations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    // No reference to users: what a removed user leaves at a service is still revoked.
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('integration_id', 'text', (c) => c.notNull().references('integrations.id'))
    .addColumn('token', 'text')
    .addColumn('kid', 'text', (c) => c.references('keys.kid'))
    .addColumn('token_type_hint', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('next_at', 'bigint', (c) => c.notNull())
    .addColumn('give_up_at', 'bigint', (c) => c.notNull())
    .addColumn('tries', 'integer', (c) => c.notNull())
    .addColumn('words', 'text', (c) => c.notNull())
    .execute()
  await index(db, 'revocations', ['state', 'next_at'])
  await index(db, 'revocations', ['user_id', 'integration_id'])
  await table(db, 'audit')
    // SQLite: an alias of the row id, so it counts up by itself.
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('user_name', 'text')
    .addColumn('session_id', 'text')
    .addColumn('session_name', 'text')
    .addColumn('section', 'text')
    .addColumn('address', 'text')
    .addColumn('fingerprint', 'text')
    .addColumn('count', 'integer')
    .addColumn('reference', 'text')
    .addColumn('detail', 'text')
    .execute()
  await index(db, 'audit', ['user_name', 'id'])
  await index(db, 'audit', ['action', 'id'])
}

function table(db: Db, name: string): CreateTableBuilder<string> {
  return db.schema.createTable(name) as CreateTableBuilder<string>
}

async function index(db: Db, name: string, columns: readonly string[]): Promise<void> {
  await db.schema
    .createIndex(`${name}_by_${columns.join('_')}`)
    .on(name)
    .columns([...columns])
    .execute()
}
