import type { WireError, WireIntegrations } from '@benchkey/sdk/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRpcCookie, rpcCookieHash } from '../src/broker/rpc-cookie.ts'
import { plainPhrasing, type Sentence, sentenceOf } from '../src/domain/states.ts'
import { realEffects } from '../src/effects.ts'
import { openStore } from '../src/store/open.ts'
import { type Finished, runBenchkey } from '../testing/command-line.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { fetchToken, openSession, type RawReply, send } from '../testing/start-server.ts'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

let world: SessionWorld
/** Of a session that may use `box-integration` alone. */
let cookie: string
let boxUid: string
let sentence: Sentence

beforeAll(async () => {
  world = await startSessionWorld()
  boxUid = await world.signIn('box-integration')
  cookie = await openLimited([boxUid])
  sentence = sentenceOf(
    { code: 'unknown_integration', reason: 'limited', name: 'Demo API', section: 'demo' },
    plainPhrasing(world.files.publicUrl),
  )
})

afterAll(async () => {
  expect(await world.close()).toBe(0)
})

/** As one that was started limited, by a second process's store. */
async function openLimited(limitedTo: readonly string[]): Promise<string> {
  const { dataDir } = world.files
  const effects = realEffects()
  const store = await openStore({ directory: dataDir, dataDir, uid: process.getuid?.() ?? 0, effects })
  try {
    const cookieExpiresAt = new Date(effects.now().getTime() + 60 * 60 * 1000)
    const value = makeRpcCookie('demo', cookieExpiresAt, effects.randomBytes(32))
    const session = { userName: 'demo', name: 'notebook', limitedTo, cookieHash: rpcCookieHash(value), cookieExpiresAt }
    await store.sessions.create(session)
    return value
  } finally {
    await store.close()
  }
}

const call = (path: string, body: object = {}, shown = cookie): Promise<RawReply> =>
  send(world.files, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': shown },
    body: JSON.stringify(body),
  })

function exchange(audience: string): Promise<RawReply> {
  const form = new URLSearchParams({
    ...{ grant_type: TOKEN_EXCHANGE, subject_token: cookie, subject_token_type: ACCESS_TOKEN, audience },
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return send(world.files, '/oauth/token', { method: 'POST', headers, body: form.toString() })
}

function benchkey(...words: readonly string[]): Promise<Finished> {
  const environment = { RS_SERVER_ADDRESS: world.files.publicUrl, REQUESTS_CA_BUNDLE: world.files.caFile }
  return runBenchkey(words, { ...environment, RS_SESSION_RPC_COOKIE: cookie })
}

const refusal = (): WireError => ({
  error: `${sentence.explanation} ${sentence.action}`,
  ...{ explanation: sentence.explanation, action: sentence.action, code: 'unknown_integration', reason: 'limited' },
})

describe('a session that is limited to one integration', () => {
  it('gets the token of that one, and of no other, however often it asks', async () => {
    for (const _again of [1, 2, 3]) {
      expect(JSON.parse((await fetchToken(world.files, cookie, boxUid)).body)).toHaveProperty('access_token')
      const { status, body } = await fetchToken(world.files, cookie, world.uid)
      expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: refusal() })
    }
  })

  it('lists that one, with no more than the names of the others', async () => {
    const listed = JSON.parse((await call('/oauth_integrations')).body) as WireIntegrations
    expect(listed.providers.flatMap(({ integrations }) => integrations.map(({ uid }) => uid))).toEqual([boxUid])
    expect(listed.not_allowed).toEqual([
      { uid: world.uid, name: 'demo', display_name: 'Demo API' },
      { uid: expect.any(String), name: 'brief', display_name: 'Brief API' },
    ])
  })

  it.each([
    ['', {}],
    ['/sign-out', {}],
    ['/report', { fingerprint: '0123456789abcdef' }],
  ])('is refused every call about another one: %s', async (what, body) => {
    const reply = await call(`/api/v1/integrations/${world.uid}${what}`, body)
    expect(JSON.parse(reply.body)).toEqual(refusal())
    const unlimited = (await openSession(world.files, 'demo')).cookie
    expect(JSON.parse((await fetchToken(world.files, unlimited, world.uid)).body)).toHaveProperty('access_token')
  })

  it('exchanges its cookie for the token of that one alone', async () => {
    expect((await exchange('Box API Access')).status).toBe(200)
    const { status, body } = await exchange('demo')
    const error = { error: 'invalid_target', code: 'unknown_integration', reason: 'limited' }
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 400,
      body: { ...error, error_description: `${sentence.explanation} ${sentence.action}` },
    })
  })

  it.each([
    ['token', 'demo'],
    ['token', 'Demo API'],
    ['status', 'demo'],
    ['sign-in', 'demo'],
    ['sign-out', 'demo'],
    ['run', 'X=demo'],
  ])('is told so in the words of the table: benchkey %s %s', async (...words) => {
    const stderr = `benchkey: ${sentence.explanation}\n  ${sentence.action}\n`
    const command = words[0] === 'run' ? ['--', 'true'] : []
    expect(await benchkey(...words, ...command)).toEqual({ code: 1, stdout: '', stderr })
  })

  it('is not led to another one by a typo', async () => {
    const { body } = await exchange('demmo')
    expect(JSON.parse(body)).toMatchObject({
      code: 'unknown_integration',
      error_description: expect.not.stringContaining('Did you'),
    })
  })
})

it('a session that is limited to nothing gets nothing', async () => {
  const nothing = await openLimited([])
  expect(JSON.parse((await fetchToken(world.files, nothing, boxUid)).body)).toMatchObject({ reason: 'limited' })
  expect(JSON.parse((await call('/oauth_integrations', {}, nothing)).body)).toMatchObject({ providers: [] })
})
