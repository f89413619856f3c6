import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminVerification } from '../src/domain/verification-api.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import { type Behaviour, endless, oauthError, reply } from '../testing/behaviours.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

/** A service that wants more of `verify` than to be looked at, and what the database adds to what a service says. */

const SECRET = 'the/secret+of-this client'
const USER = { name: 'ada', password: 'correct horse battery staple' } as const

let files: ServerFiles
let server: ServerInProcess
let hostile: ScriptedProvider
let victim: ScriptedProvider
let service: RunningAuthorizationServer

beforeAll(async () => {
  files = await prepareServer()
  hostile = await startScriptedProvider()
  victim = await startScriptedProvider()
  service = await startAuthorizationServer({
    clients: [{ id: 'box', secret: SECRET, method: 'client-secret-post', redirectUris: [files.redirectUri] }],
    ...{ rotate: true, accessTokenSeconds: 600, issueRefreshToken: 'offline_access' },
  })
  const section = (name: string, { authorizationUrl, tokenUrl }: { authorizationUrl: string; tokenUrl: string }, more = '') =>
    `[${name}]\nclient-id=box\nclient-secret=${SECRET}\nauthorization-url=${authorizationUrl}\ntoken-url=${tokenUrl}\n${more}`
  writeOauthClients(
    files,
    ['redirects', 'metadata', 'endless', 'echo', 'markup'].map((name) => section(name, hostile)).join('') +
      section('real', service, 'scopes=openid\n'),
  )
  server = await startInProcess(files)
  await askAdmin(files, 'POST', '/users', { ...USER, isAdmin: false })
})

afterAll(async () => {
  await server?.close()
  await Promise.all([hostile?.close(), victim?.close(), service?.close()])
  removeFiles(files)
})

const verify = (section: string): Promise<AdminVerification> => askAdmin(files, 'POST', '/verify', { section })

/** In any spelling a service could have seen. */
function expectNoSecret(text: string): void {
  const encoded = new URLSearchParams({ s: SECRET }).toString().slice(2)
  for (const spelling of [SECRET, encoded, encodeURIComponent(SECRET)]) expect(text).not.toContain(spelling)
}

describe('a hostile service', () => {
  it('leads no request of verify elsewhere by redirects', async () => {
    hostile.always(reply('', { status: 307, headers: { location: `${victim.origin}/token?from=hostile` } }))
    const verification = await verify('redirects')
    expect(victim.requests).toHaveLength(0)
    expect(victim.connections).toBe(0)
    expect(JSON.stringify(verification)).toContain('a token request never follows that')
  })

  it('leads no request of verify elsewhere by its metadata', async () => {
    hostile.always((exchange) => {
      if (!exchange.request.path.includes('/.well-known/')) return oauthError('invalid_client', { status: 401 })(exchange)
      const metadata = {
        ...{ issuer: hostile.origin, token_endpoint: victim.tokenUrl, authorization_endpoint: victim.authorizationUrl },
        ...{ jwks_uri: `${victim.origin}/keys`, token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'] },
      }
      return reply(metadata)(exchange)
    })
    await verify('metadata')
    expect(victim.connections).toBe(0)
  })

  it('is read to a bound, however much it sends', async () => {
    hostile.always(endless(Buffer.from('<p>error</p>'.repeat(1000)), { 'content-type': 'text/html' }))
    const verification = await verify('endless')
    expect(JSON.stringify(verification).length).toBeLessThan(16 * 1024)
    await expect.poll(() => hostile.requests.length).toBeLessThan(60)
  })

  it('that repeats what it was sent gets none of it into a report, nor into the log', async () => {
    const echo: Behaviour = (exchange) => {
      const { body, headers, path } = exchange.request
      const text = `you sent ${body} ${headers.authorization} ${path} ${exchange.request.parameters.get('client_secret')}`
      return reply({ error: 'invalid_client', error_description: text }, { status: 401 })(exchange)
    }
    hostile.always(echo)
    expectNoSecret(JSON.stringify(await verify('echo')))
    expectNoSecret(server.log())
  })

  it('gets no markup and no control character into a report', async () => {
    hostile.always(oauthError('invalid_client', { status: 401, description: '\u001b[2J<img src=x>"\u202etxt\r\n' }))
    const { groups } = await verify('markup')
    const texts = groups.flatMap(({ checks }) => checks.flatMap(({ fact, action = '' }) => [fact, action])).join('')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    expect(texts).not.toMatch(/[\u0000-\u001f\u007f\u202e]/)
  })
})

describe('sign-ins without a refresh token', () => {
  it('are counted, and what would bring one is named', async () => {
    const browser = new PlainBrowser(files)
    await browser.logIn(USER.name, USER.password)
    await browser.signIn('real')
    const { groups, isWell } = await verify('real')
    const check = groups.flatMap(({ checks }) => checks).find(({ id }) => id === 'refresh-token')
    expect(check).toMatchObject({ outcome: 'warning', copy: 'offline_access', place: 'oauth-clients.conf:31' })
    expect(check?.fact).toMatch(/^1 of 1 sign-in has no refresh token\. /)
    expect(isWell).toBe(true)
  })
})
