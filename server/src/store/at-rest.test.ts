import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attemptOf, expectNoSecretIn, passSecrets } from '../../testing/secrets-in-store.ts'
import { holderOf, SuiteClock } from '../../testing/store-suite.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { openStore } from './open.ts'
import type { Store } from './store.ts'

/** What lies on the disk: nothing readable, and nothing that can be moved to where it does not belong. */
describe('the database at rest', () => {
  const clock = new SuiteClock()
  let directory: string
  let store: Store
  let raw: DatabaseSync
  let integrationId: string
  let ann: StoredToken
  let bob: StoredToken

  const signIn = async (name: string): Promise<StoredToken> => {
    const user = (await store.users.findByName(name)) ?? (await store.users.create({ name, passwordHash: 'x', isAdmin: false }))
    const reply = {
      secrets: {
        ...{ accessToken: `access of ${name}`, refreshToken: `refresh of ${name}`, idToken: `id of ${name}` },
        extra: { site: `site of ${name}` },
      },
      tokenType: 'bearer',
      issuedAt: clock.at(0),
    }
    return store.tokens.create({ userId: user.id, integrationId, scopesAsked: [], clientFingerprint: 'f', reply })
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchkey-rest-'))
    store = await openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects: clock.effects })
    integrationId = (await store.integrations.ensure([{ uid: 'uid', section: 'box' }])).get('uid') ?? ''
    ann = await signIn('ann')
    bob = await signIn('bob')
    raw = new DatabaseSync(join(directory, 'benchkey.db'), { enableForeignKeyConstraints: false })
  })

  afterEach(async () => {
    raw.close()
    await store.close()
    await rm(directory, { recursive: true })
  })

  const columnOf = (token: StoredToken, column: string): string =>
    String(raw.prepare(`SELECT ${column} AS value FROM oauth2_token_secrets WHERE token_id = ?`).get(token.id)?.value)
  const put = (token: StoredToken, column: string, value: string) =>
    raw.prepare(`UPDATE oauth2_token_secrets SET ${column} = ? WHERE token_id = ?`).run(value, token.id)
  const read = (token: StoredToken) => store.tokens.readSecrets(token.id, token.generation)
  const isRefused = (token: StoredToken) => expect(read(token)).rejects.toMatchObject({ code: 'unreadable' })

  it('refuses a ciphertext of another user’s row, and still serves the other user (F25, F26)', async () => {
    put(ann, 'access_token', columnOf(bob, 'access_token'))
    await isRefused(ann)
    expect(await read(bob)).toMatchObject({ accessToken: 'access of bob' })
  })

  it('refuses data beside the tokens that was moved to another user', async () => {
    put(ann, 'extra', columnOf(bob, 'extra'))
    await isRefused(ann)
    expect(await read(bob)).toMatchObject({ extra: { site: 'site of bob' } })
    expect(columnOf(bob, 'extra')).not.toContain('site')
  })

  it('refuses a whole row of ciphertexts that was moved to another user (F26)', async () => {
    raw.exec(`UPDATE oauth2_token_secrets SET token_id = 'aside' WHERE token_id = '${ann.id}'`)
    raw.exec(`UPDATE oauth2_token_secrets SET token_id = '${ann.id}' WHERE token_id = '${bob.id}'`)
    await isRefused(ann)
  })

  it('refuses a row that was given to another user (F26)', async () => {
    raw.exec(`DELETE FROM oauth2_tokens WHERE id = '${ann.id}'`)
    raw.exec(`UPDATE oauth2_tokens SET user_id = '${ann.userId}' WHERE id = '${bob.id}'`)
    await isRefused(bob)
  })

  it('refuses the ciphertexts of an earlier sign-in of the same user (F26)', async () => {
    const old = columnOf(ann, 'refresh_token')
    const again = await signIn('ann')
    expect(again.generation).toBe(ann.generation)
    put(again, 'refresh_token', old)
    await isRefused(again)
  })

  it('refuses an access token in the place of the refresh token (F26)', async () => {
    put(ann, 'refresh_token', columnOf(ann, 'access_token'))
    await isRefused(ann)
  })

  it('refuses a flipped bit, a short tag and another key’s name (F26)', async () => {
    const right = columnOf(ann, 'access_token')
    const parts = right.split('.')
    const bytes = Buffer.from(parts[4] ?? '', 'base64url')
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
    const tag = Buffer.from(parts[5] ?? '', 'base64url')
      .subarray(0, 4)
      .toString('base64url')
    for (const wrong of [parts.with(4, bytes.toString('base64url')), parts.with(5, tag), parts.with(1, 'other')]) {
      put(ann, 'access_token', wrong.join('.'))
      await isRefused(ann)
    }
    put(ann, 'access_token', right)
    expect(await read(ann)).toMatchObject({ accessToken: 'access of ann' })
  })

  it('refuses the ciphertexts of an older generation (F26)', async () => {
    const old = columnOf(ann, 'refresh_token')
    const key = { tokenId: ann.id, generation: 1, attempt: 'x' }
    await store.tokens.takeLease(ann.id, holderOf('a'), 0, 20_000, () => false)
    await store.tokens.beginAttempt(key, holderOf('a'), clock.at(0))
    const secrets = { accessToken: 'second', refreshToken: 'second' }
    await store.tokens.saveReply(key, { secrets, tokenType: 'bearer', issuedAt: clock.at(0) })
    expect(await store.tokens.readSecrets(ann.id, 2)).toMatchObject(secrets)
    put(ann, 'refresh_token', old)
    await expect(store.tokens.readSecrets(ann.id, 2)).rejects.toMatchObject({ code: 'unreadable' })
  })

  it('saves a new pair over a damaged one, and signs out a damaged row', async () => {
    put(ann, 'refresh_token', 'damaged')
    const key = { tokenId: ann.id, generation: 1, attempt: 'x' }
    await store.tokens.takeLease(ann.id, holderOf('a'), 0, 20_000, () => false)
    await store.tokens.beginAttempt(key, holderOf('a'), clock.at(0))
    const reply = { secrets: { accessToken: 'second' }, tokenType: 'bearer', issuedAt: clock.at(0) }
    expect(await store.tokens.saveReply(key, reply)).toBe(true)
    expect(await store.tokens.get(ann.id)).toMatchObject({ hasRefreshToken: false, generation: 2 })

    for (const column of ['access_token', 'refresh_token']) put(bob, column, 'damaged')
    expect(await store.tokens.remove(bob.userId, integrationId, { queue: true, giveUpAt: clock.at(1000) })).toEqual(bob)
    expect(await store.revocations.listForUser(bob.userId)).toMatchObject([{ state: 'failed', words: expect.any(String) }])
  })

  it('gives no damaged revocation or verifier out, and goes on with the next', async () => {
    for (const token of [ann, bob]) {
      await store.tokens.remove(token.userId, integrationId, { queue: true, giveUpAt: clock.at(1000) })
    }
    raw.exec(`UPDATE revocations SET token = 'damaged' WHERE user_id = '${ann.userId}'`)
    const { job } = await store.revocations.claimDue(clock.at(0), 1000, 1000)
    expect(job?.userId).toBe(bob.userId)
    expect(await store.revocations.counts()).toMatchObject({ waiting: 3, failed: 1 })

    await store.attempts.create('state', attemptOf(ann.userId, integrationId, 'verifier'), 20)
    raw.exec(`UPDATE sign_in_attempts SET code_verifier = 'damaged'`)
    await expect(store.attempts.take('state', 1000)).rejects.toMatchObject({ code: 'unreadable' })
    expect(await store.attempts.take('state', 1000)).toBeUndefined()
  })

  it('says in oauth2_tokens whether a refresh token was given', () => {
    const rows = raw.prepare('SELECT has_refresh_token FROM oauth2_tokens').all()
    expect(rows.map((row) => row.has_refresh_token)).toEqual([1, 1])
  })

  it('keeps a key as long as a ciphertext needs it', () => {
    raw.exec('PRAGMA foreign_keys = ON')
    expect(() => raw.exec('DELETE FROM keys')).toThrow(/FOREIGN KEY/)
  })

  /** Every secret the store is ever given, through every table it passes, and then the bytes of database and log. */
  it('holds no token and no verifier in clear, in the database or its log', async () => {
    const passed = await passSecrets(store, ann.userId, integrationId)
    const files = (await readdir(directory)).filter((name) => name.startsWith('benchkey.db'))
    expect(files.sort()).toEqual(['benchkey.db', 'benchkey.db-shm', 'benchkey.db-wal'])
    const bytes = Buffer.concat(await Promise.all(files.map((name) => readFile(join(directory, name)))))
    expectNoSecretIn(bytes, passed)
  })
})
