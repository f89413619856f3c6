import {
  type AuthorizationServer,
  customFetch,
  genericTokenEndpointRequest,
  None,
  processGenericTokenEndpointResponse,
  type ResponseBodyError,
  type TokenEndpointResponse,
} from 'oauth4webapi'
import { Agent, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { DEMO_LIFE_SECONDS, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { fetchToken, openSession, runAdmin } from '../testing/start-server.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

let world: SessionWorld
let session: AdminSessionOpened
let agent: Agent

beforeAll(async () => {
  world = await startSessionWorld()
  session = await openSession(world.files, 'demo')
  agent = new Agent({ connect: { ca: world.files.ca } })
})

afterAll(async () => {
  await agent.close()
  expect(await world.close()).toBe(0)
})

/** Asks as any program would that has an OAuth library, over https with the private authority. */
async function exchange(audience: string, subjectToken = session.cookie): Promise<TokenEndpointResponse> {
  const { publicUrl } = world.files
  const server: AuthorizationServer = { issuer: publicUrl, token_endpoint: `${publicUrl}/oauth/token` }
  const client = { client_id: 'whoever' }
  const response = await genericTokenEndpointRequest(
    ...[server, client, None(), 'urn:ietf:params:oauth:grant-type:token-exchange'],
    { subject_token: subjectToken, subject_token_type: ACCESS_TOKEN, audience },
    {
      [customFetch]: async (url, init) => {
        const { method, headers, body, redirect } = init
        const reply = await undiciFetch(url, { method, headers, body: String(body), redirect, dispatcher: agent })
        return new Response(await reply.text(), { status: reply.status, headers: [...reply.headers] })
      },
    },
  )
  return await processGenericTokenEndpointResponse(server, client, response)
}

async function refusal(...asked: Parameters<typeof exchange>): Promise<ResponseBodyError> {
  return await exchange(...asked).then(
    () => Promise.reject(new Error('It was answered.')),
    (error: ResponseBodyError) => error,
  )
}

describe('an OAuth library', () => {
  it.each(['demo', 'Demo API', 'GUID'])('gets the token of %s that R gets', async (audience) => {
    const { access_token: fetched } = JSON.parse((await fetchToken(world.files, session.cookie, world.uid)).body) as {
      access_token: string
    }
    const { expires_in, ...reply } = await exchange(audience === 'GUID' ? world.uid : audience)
    expect(reply).toEqual({ access_token: fetched, issued_token_type: ACCESS_TOKEN, token_type: 'bearer' })
    expect(expires_in).toBeGreaterThan(0)
    expect(expires_in).toBeLessThanOrEqual(DEMO_LIFE_SECONDS)
  })

  it('is told that somebody has to sign in', async () => {
    expect(await refusal('box-integration')).toMatchObject({
      ...{ status: 400, error: 'invalid_grant' },
      error_description: `You are not signed in to Box API Access. Sign in at ${world.files.publicUrl}/sign-in/box-integration, then run this again.`,
      cause: { code: 'not_signed_in', link: `${world.files.publicUrl}/sign-in/box-integration` },
    })
  })

  it('is told that there is no such integration', async () => {
    const { error, error_description } = await refusal('demmo')
    expect(error).toBe('invalid_target')
    expect(error_description).toMatch(/^There is no integration 'demmo' .* Did you mean 'demo'\?/)
  })

  it.each(['access token', 'token of nobody'])('gets nothing for a subject token that is a %s', async (kind) => {
    const subject = kind === 'access token' ? (await exchange('demo')).access_token : 'user-id=demo|x|y'
    expect(await refusal('demo', subject)).toMatchObject({ error: 'invalid_request', cause: { code: 'session_ended' } })
  })

  it('gets nothing with the cookie of a session that has ended', async () => {
    const other = await openSession(world.files, 'demo')
    expect(await exchange('demo', other.cookie)).toHaveProperty('access_token')
    expect(await runAdmin(world.files, ['session', 'end', other.session.id])).toMatchObject({ code: 0 })
    expect(await refusal('demo', other.cookie)).toMatchObject({ error: 'invalid_request', cause: { code: 'session_ended' } })
  })
})
