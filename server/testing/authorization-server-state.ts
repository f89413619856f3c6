import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Everything the authorization server remembers: in memory, or in a file that outlives the process. */
export interface AuthorizationServerState {
  adapter(model: string): Adapter
  /** Signing keys of id tokens, made once. */
  jwks(): { keys: JsonWebKey[] }
  cookieKeys(): string[]
  /** Ends every grant and token, as an administrator at the service would. */
  revokeEverything(): void
  close(): void
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, expires_at INTEGER,
    PRIMARY KEY (model, id));
  CREATE INDEX IF NOT EXISTS entries_by_grant ON entries (grant_id);
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);`

/** Opens the state; without a file it lives in memory. */
export function openAuthorizationServerState(file = ':memory:'): AuthorizationServerState {
  const database = new DatabaseSync(file)
  if (file !== ':memory:') database.exec('PRAGMA journal_mode = WAL')
  database.exec(SCHEMA)
  database.prepare('DELETE FROM entries WHERE expires_at < ?').run(Date.now())
  return {
    adapter: (model) => adapterOf(database, model),
    jwks: () => JSON.parse(setting(database, 'jwks', () => JSON.stringify({ keys: [newSigningKey()] }))),
    cookieKeys: () => [setting(database, 'cookie-key', () => randomBytes(32).toString('base64url'))],
    revokeEverything: () => database.exec('DELETE FROM entries'),
    close: () => database.close(),
  }
}

function adapterOf(database: DatabaseSync, model: string): Adapter {
  const upsert = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)')
  const find = database.prepare('SELECT payload, expires_at FROM entries WHERE model = ? AND id = ?')
  const findByUid = database.prepare('SELECT payload, expires_at FROM entries WHERE model = ? AND uid = ?')
  const consume = database.prepare(`UPDATE entries SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?`)
  const destroy = database.prepare('DELETE FROM entries WHERE model = ? AND id = ?')
  const revoke = database.prepare('DELETE FROM entries WHERE grant_id = ?')
  return {
    upsert: async (id, payload, expiresIn) => {
      const expiresAt = expiresIn === undefined ? null : Date.now() + expiresIn * 1000
      upsert.run(model, id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, expiresAt)
    },
    find: async (id) => payloadOf(find.get(model, id)),
    findByUid: async (uid) => payloadOf(findByUid.get(model, uid)),
    findByUserCode: async () => undefined,
    consume: async (id) => void consume.run(Math.floor(Date.now() / 1000), model, id),
    destroy: async (id) => void destroy.run(model, id),
    revokeByGrantId: async (grantId) => void revoke.run(grantId),
  }
}

function payloadOf(row: Record<string, unknown> | undefined): AdapterPayload | undefined {
  if (!row || (typeof row.expires_at === 'number' && row.expires_at < Date.now())) return undefined
  return JSON.parse(String(row.payload))
}

function setting(database: DatabaseSync, name: string, make: () => string): string {
  const row = database.prepare('SELECT value FROM settings WHERE name = ?').get(name)
  if (row) return String(row.value)
  const value = make()
  database.prepare('INSERT INTO settings VALUES (?, ?)').run(name, value)
  return value
}

function newSigningKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') }
}
