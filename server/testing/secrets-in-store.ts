import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { SignInAttempt } from '../src/domain/people.ts'
import type { Store } from '../src/store/store.ts'
import { holderOf } from './store-suite.ts'

const canary = (): string => `canary-${randomBytes(16).toString('hex')}`

/** What `passSecrets` handed to the store. */
export interface PassedSecrets {
  readonly secrets: readonly string[]
  /** An id that must be found where the secrets must not. */
  readonly tokenId: string
}

/** Hands the store every kind of secret it is ever given, through every table that one passes. */
export async function passSecrets(store: Store, userId: string, integrationId: string): Promise<PassedSecrets> {
  const secrets = { accessToken: canary(), refreshToken: canary(), idToken: canary() }
  const next = { accessToken: canary(), refreshToken: canary() }
  const late = { accessToken: canary(), refreshToken: canary() }
  const [kept, used, unread] = [canary(), canary(), canary()]
  const reply = { tokenType: 'bearer', issuedAt: store.now() }
  const giveUpAt = new Date(store.now().getTime() + 1_000_000)
  const { id: tokenId } = await store.tokens.create({
    ...{ userId, integrationId, scopesAsked: [], clientFingerprint: 'f' },
    reply: { ...reply, secrets },
  })
  await store.tokens.takeLease(tokenId, holderOf('a'), 0, 20_000, () => false)
  const key = { tokenId, generation: 1, attempt: 'x' }
  await store.tokens.beginAttempt(key, holderOf('a'), store.now())
  const body = Buffer.from(`"${unread}"`).toString('base64')
  await store.unreadReplies.keep(key, { status: 200, contentType: 'text/plain', body }, store.now())
  await store.tokens.saveReply(key, { ...reply, secrets: next })
  await store.tokens.remove(userId, integrationId, { queue: true, giveUpAt })
  await store.tokens.queueRevocation({ userId, integrationId }, late, giveUpAt)
  await store.attempts.create('state-1', attemptOf(userId, integrationId, kept), 20)
  await store.attempts.create('state-2', attemptOf(userId, integrationId, used), 20)
  expect(await store.attempts.take('state-2', 1_000_000)).toMatchObject({ codeVerifier: used })
  return {
    tokenId,
    secrets: [...Object.values(secrets), ...Object.values(next), ...Object.values(late), kept, used, unread, body],
  }
}

/** What a sign-in attempt holds. */
export function attemptOf(userId: string, integrationId: string, codeVerifier: string): Omit<SignInAttempt, 'id' | 'startedAt'> {
  return {
    ...{ userId, integrationId, codeVerifier, browserSessionHash: 'b', section: 'box', frozenHash: 'f', cookieHash: 'c' },
    ...{ frozenTokenUrl: 'https://box.example/token', redirectUri: 'https://bench.example/', scopesAsked: [] },
    returnTo: 'settings',
  }
}

/** Fails when the bytes hold one of the secrets, as it is or in base64, or are not those of the store at all. */
export function expectNoSecretIn(bytes: Buffer, { secrets, tokenId }: PassedSecrets): void {
  expect(bytes.includes(tokenId)).toBe(true)
  for (const secret of secrets) {
    expect(bytes.includes(secret)).toBe(false)
    expect(bytes.includes(Buffer.from(secret).toString('base64url').slice(0, 20))).toBe(false)
  }
}
