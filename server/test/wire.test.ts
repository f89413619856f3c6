import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WireIntegration } from '@benchkey/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startProcess } from '../testing/command-line.ts'
import { type ExchangedReply, openRawConnection, type RawConnection } from '../testing/raw-exchange.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { askAdmin, fetchToken, openSession, runAdmin, send, writeOauthClients } from '../testing/start-server.ts'

const WIRE = fileURLToPath(new URL('../testing/wire', import.meta.url))
const UNKNOWN = '00000000-0000-4000-8000-000000000000'
const SESSION_ENDED = 'This session has ended or lost its access, so it gets no tokens.'

/** The ten requests as they were recorded, line ends included. */
const RECORDED = readFileSync(join(WIRE, 'requests.txt'), 'utf8')
  .split(/^--- request \d+ \(\d+ bytes\)\n/m)
  .slice(1)
  .map((text) => text.replaceAll('\\r\\n\n', '\r\n').replace(/\n$/, ''))

let world: SessionWorld
let cookie: string
let boxUid: string
let briefUid: string

beforeAll(async () => {
  world = await startSessionWorld()
  const opened = await openSession(world.files, 'demo')
  cookie = opened.cookie
  const { providers } = JSON.parse((await call('/oauth_integrations', { kwparams: [] })).body) as {
    providers: readonly { integrations: readonly WireIntegration[] }[]
  }
  const uids = Object.fromEntries(providers.flatMap(({ integrations }) => integrations).map(({ name, uid }) => [name, uid]))
  boxUid = uids['box-integration'] ?? ''
  briefUid = uids.brief ?? ''
})

afterAll(async () => {
  expect(await world.close()).toBe(0)
})

const headersWith = (rpcCookie: string) => ({ 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': rpcCookie })

function call(path: string, body: unknown, rpcCookie = cookie) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return send(world.files, path, { method: 'POST', headers: headersWith(rpcCookie), body: text })
}

async function refusalOf(uid: string): Promise<unknown> {
  const { status, headers, body } = await fetchToken(world.files, cookie, uid)
  expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' })
  return JSON.parse(body)
}

/** What both clients make of the integrations and of the tokens with these IDs. */
async function clientsRead(uids: readonly string[], rpcCookie = cookie) {
  const environment = {
    RS_SERVER_ADDRESS: world.files.publicUrl,
    RS_SESSION_RPC_COOKIE: rpcCookie,
    REQUESTS_CA_BUNDLE: world.files.caFile,
    // Without one R writes what is not ASCII in its own escapes.
    LC_ALL: 'C.UTF-8',
  }
  const read = async (...words: string[]) => {
    const { stdout, stderr } = await startProcess([...words, ...uids], environment).finished
    expect(stderr).toBe('')
    return JSON.parse(stdout) as { integrations: WireIntegration[] | { error: string }; tokens: Record<string, string>[] }
  }
  const [python, r] = await Promise.all([
    read('/usr/bin/python3', join(WIRE, 'as-posit-sdk.py')),
    read('Rscript', join(WIRE, 'as-rstudioapi.R')),
  ])
  return { python, r }
}

const integration = (name: string, display: string, uid: string, state: object) => {
  const server = name === 'brief' ? world.brief : world.provider
  return {
    ...{ type: 'custom', name, display_name: display, client_id: 'demo', uid, scopes: ['openid', 'read'] },
    ...{ auth_url: server.authorizationUrl, token_url: server.tokenUrl, issuer: server.issuer },
    ...state,
  }
}

const notSignedIn = (name: string, display: string, uid: string) =>
  integration(name, display, uid, {
    authenticated: false,
    state: 'not_signed_in',
    label: 'Not signed in',
    explanation: `You are not signed in to ${display}.`,
    action: `Sign in at ${world.files.publicUrl}/sign-in/${name}, then run this again.`,
  })

const allIntegrations = () => [
  integration('demo', 'Demo API', world.uid, {
    ...{ authenticated: true, state: 'signed_in', reason: 'renews', label: 'Signed in · renews itself' },
    ...{ explanation: '', action: '', brief: 'renews itself', account: 'ada@demo.example' },
  }),
  notSignedIn('box-integration', 'Box API Access', boxUid),
  notSignedIn('brief', 'Brief API', briefUid),
]

describe('the recorded requests of posit-sdk and rstudioapi', () => {
  let connection: RawConnection
  beforeEach(async () => {
    connection = await openRawConnection(world.files)
  })
  afterEach(() => connection.close())

  /** Byte for byte but Host, cookie and GUID; a GUID has one length, so Content-Length stays true. */
  const replayed = (recorded: string): string =>
    recorded
      .replace(/^Host: .*(?=\r\n)/m, `Host: localhost:${world.files.port}`)
      .replace(/^(X-RS-Session-Server-RPC-Cookie: ).*(?=\r\n)/m, `$1${cookie}`)
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, world.uid)

  async function expectAnswer(recorded: string, { status, reason, headers, body }: ExchangedReply): Promise<void> {
    expect({ status, reason }).toEqual({ status: 200, reason: 'OK' })
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
    const answer = JSON.parse(body)
    if (recorded.includes('oauth_integrations')) {
      expect(answer).toEqual({ providers: [{ type: 'custom', integrations: allIntegrations() }] })
    } else {
      expect(answer).toEqual({
        access_token: expect.any(String),
        expiry: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      })
      const authorization = `Bearer ${answer.access_token}`
      expect((await fetch(world.provider.resourceUrl, { headers: { authorization } })).status).toBe(200)
    }
  }

  it('are ten', () => expect(RECORDED).toHaveLength(10))

  it.each(RECORDED.map((bytes, index) => [index + 1, bytes.split('\r\n', 1)[0], bytes] as const))(
    'request %i, %s, gets its answer',
    async (_number, _line, recorded) => expectAnswer(recorded, await connection.exchange(replayed(recorded))),
  )

  it('get their answers on one connection, too', async () => {
    for (const recorded of RECORDED) await expectAnswer(recorded, await connection.exchange(replayed(recorded)))
  })

  it('get 401 with the sentence in the reason phrase when the session has ended', async () => {
    const ended = await openSession(world.files, 'demo')
    await askAdmin(world.files, 'POST', `/sessions/${ended.session.id}/end`)
    for (const recorded of RECORDED) {
      const { status, reason, headers, body } = await connection.exchange(replayed(recorded).replace(cookie, ended.cookie))
      expect({ status, reason }).toEqual({ status: 401, reason: SESSION_ENDED })
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(body).toBe(`${SESSION_ENDED} Open a new one at ${world.files.publicUrl}, or run: benchkey login.`)
    }
  })
})

describe('both clients, with the library each uses', () => {
  it('list the integrations and get the token, its expiry in UTC', async () => {
    const { python, r } = await clientsRead([world.uid])
    const listed = allIntegrations().map(({ uid, ...members }) => ({ ...members, guid: uid }))
    expect(python.integrations).toEqual(listed)
    expect(r.integrations).toEqual(listed)
    const { access_token, expiry } = JSON.parse((await fetchToken(world.files, cookie, world.uid)).body)
    expect(python.tokens).toEqual([{ token: access_token, expiry: expiry.replace('Z', '+00:00') }])
    expect(r.tokens).toEqual(python.tokens)
  })

  it('show what a person can act on', async () => {
    const { python, r } = await clientsRead([boxUid, UNKNOWN])
    expect(python.tokens).toEqual([
      {
        error: `You are not signed in to Box API Access. Sign in at ${world.files.publicUrl}/sign-in/box-integration, then run this again.`,
      },
      {
        error: `There is no integration "${UNKNOWN}" for you on this server. IDs differ between servers. See yours with: benchkey integrations.`,
      },
    ])
    expect(r.tokens).toEqual(python.tokens)
  })

  it('show that the session has ended, each as far as it shows anything', async () => {
    const { python, r } = await clientsRead([world.uid], cookie.replace(/[^|]+$/, 'forged'))
    const url = `${world.files.publicUrl}/oauth_token`
    expect(python.tokens).toEqual([{ error: `401 Client Error: ${SESSION_ENDED} for url: ${url}` }])
    const sentence = { error: `401: ${SESSION_ENDED} Open a new one at ${world.files.publicUrl}, or run: benchkey login.` }
    expect(r).toEqual({ integrations: sentence, tokens: [sentence] })
  })
})

describe('errors', () => {
  it('not signed in: HTTP 200, sentence, its halves, code, link', async () => {
    expect(await refusalOf(boxUid)).toEqual({
      error: `You are not signed in to Box API Access. Sign in at ${world.files.publicUrl}/sign-in/box-integration, then run this again.`,
      explanation: 'You are not signed in to Box API Access.',
      action: `Sign in at ${world.files.publicUrl}/sign-in/box-integration, then run this again.`,
      code: 'not_signed_in',
      link: `${world.files.publicUrl}/sign-in/box-integration`,
    })
  })

  it.each([UNKNOWN, 'no guid'])('unknown integration %j', async (asked) => {
    expect(await refusalOf(asked)).toMatchObject({
      code: 'unknown_integration',
      error: expect.stringContaining(`There is no integration "${asked}" for you`),
    })
  })

  it.each([
    ['/id_token', { method: 'id_token' }],
    ['/delegated_azure_token', { params: ['https://management.azure.com/'], method: 'delegated_azure_token' }],
  ])('%s is not offered: HTTP 200 and one sentence', async (path, body) => {
    const reply = await call(path, body)
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toMatchObject({ error: expect.stringMatching(/^This server gives no .+\.$/) })
  })

  it.each([
    ['a cut body', '{"kwparams": {'],
    ['another type', '[]'],
    ['no uuid', '{"kwparams":{}}'],
    ['a uuid that is no text', '{"kwparams":{"uuid":7}}'],
  ])('%s: 400, the sentence as body, its first part as ASCII reason phrase', async (_what, body) => {
    const reply = await call('/oauth_token', body)
    expect(reply.status).toBe(400)
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(reply.body).toMatch(
      /^Benchkey did not understand this request: .+\. Check the call; benchkey doctor tests this session\.$/,
    )
    expect(reply.reason).toMatch(/^[\x20-\x7e]{1,120}$/)
    expect(reply.body.startsWith(reply.reason)).toBe(true)
  })

  it.each([
    ['forged', () => cookie.replace(/[^|]+$/, 'A'.repeat(43))],
    ["another user's name on a true one", () => cookie.replace('user-id=demo', 'user-id=root')],
    ['empty', () => ''],
    ['of another form', () => 'demo'],
  ])('a cookie that is %s: 401', async (_what, make) => {
    const reply = await call('/oauth_token', { kwparams: { uuid: world.uid } }, make())
    expect({ status: reply.status, reason: reply.reason }).toEqual({ status: 401, reason: SESSION_ENDED })
    expect(reply.headers['www-authenticate']).toBeUndefined()
    expect(reply.headers.location).toBeUndefined()
  })

  it('of one integration in turn: configuration, sign in again, service away', async () => {
    const clientsFile = join(world.files.configDir, 'oauth-clients.conf')
    const right = readFileSync(clientsFile, 'utf8')
    const start = right.indexOf('[brief]')
    await world.signIn('brief')
    expect(JSON.parse((await fetchToken(world.files, cookie, briefUid)).body)).toHaveProperty('access_token')

    writeOauthClients(
      world.files,
      right.slice(0, start) + right.slice(start).replace(/^client-secret.*$/m, 'client-secret = wrong'),
    )
    await runAdmin(world.files, ['reload'])
    await expectOfBoth('configuration_error', { reason: 'client' }, /Benchkey's client ID or secret/)
    writeOauthClients(world.files, right)
    await runAdmin(world.files, ['reload'])
    await expect.poll(() => refusalOf(briefUid), { timeout: 40_000, interval: 500 }).toHaveProperty('access_token')

    world.brief.revokeEverything()
    await expectOfBoth('reauthentication_required', { reason: 'refused' }, /your code stays as it is\.$/)
    await world.signIn('brief')
    await world.brief.close()
    await expectOfBoth('provider_unavailable', { retry_after: expect.any(Number) }, / has not answered since /)
  }, 120_000)

  /** Its tokens live a second: soon every fetch needs the service. */
  async function expectOfBoth(code: string, members: object, words: RegExp): Promise<void> {
    await expect.poll(() => refusalOf(briefUid), { timeout: 40_000, interval: 300 }).toMatchObject({ code, ...members })
    const { python, r } = await clientsRead([briefUid])
    for (const { integrations, tokens } of [python, r]) {
      expect(tokens).toEqual([{ error: expect.stringMatching(words) }])
      expect(integrations).toContainEqual(expect.objectContaining({ name: 'brief', state: code }))
    }
  }

  it('no integrations are an empty list of providers, which both clients read', async () => {
    writeOauthClients(world.files, '')
    await runAdmin(world.files, ['reload'])
    expect((await call('/oauth_integrations', { kwparams: [] })).body).toBe('{"providers":[]}')
    const { python, r } = await clientsRead([])
    expect([python.integrations, r.integrations]).toEqual([[], []])
  })
})
