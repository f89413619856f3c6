import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerificationCheck } from '../src/domain/verification.ts'
import type { AdminVerification } from '../src/domain/verification-api.ts'
import { type Behaviour, oauthError, reply } from '../testing/behaviours.ts'
import { type Authority, makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { startSquid, startTinyproxy } from '../testing/outgoing-proxies.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

/** What `verify` says where the network, a proxy of it or an authority of one's own is the cause: with real squid and tinyproxy. */

const USER = { userName: 'bench', password: 'pa55word' } as const

const page = reply('<title>Log in</title>', { headers: { 'content-type': 'text/html' } })
const nothing = reply('', { status: 404 })

/** A page to log in on, no metadata, and a token endpoint that knows its client. */
const usual: Behaviour = (exchange) => {
  const { method, path } = exchange.request
  if (method === 'POST') return oauthError('invalid_grant')(exchange)
  return (path.startsWith('/authorize') ? page : nothing)(exchange)
}

let files: ServerFiles
let server: ServerInProcess
let provider: ScriptedProvider
let authority: Authority
const open: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  files = await prepareServer()
  authority = await makeAuthority('Corp Root')
  provider = await startScriptedProvider({ tls: await makeLeaf(authority, ['localhost']) })
  provider.always(usual)
  mkdirSync(join(files.configDir, 'ca'), { mode: 0o755 })
  writeFileSync(join(files.configDir, 'ca/corp.pem'), authority.pem, { mode: 0o644 })
  server = await startInProcess(files)
})

afterAll(async () => {
  await server?.close()
  await Promise.all([provider, ...open].map((each) => each?.close()))
  removeFiles(files)
})

/** Verifies a section of its own with these lines. */
async function verify(section: string, lines: Readonly<Record<string, string>>): Promise<AdminVerification> {
  const base = `https://localhost:${provider.port}`
  const options = {
    ...{ 'client-id': 'box', 'client-secret': 'a-secret-of-the-client', 'ca-file': 'ca/corp.pem' },
    ...{ 'authorization-url': `${base}/authorize`, 'token-url': `${base}/token`, ...lines },
  }
  const text = Object.entries(options).filter(([, value]) => value !== '')
  writeOauthClients(files, `[${section}]\n${text.map(([name, value]) => `${name}=${value}\n`).join('')}`)
  expect((await server.reload()).applied, server.log()).toBe(true)
  return await askAdmin<AdminVerification>(files, 'POST', '/verify', { section })
}

const failures = ({ groups }: AdminVerification): readonly (readonly [title: string, check: VerificationCheck])[] =>
  groups
    .flatMap(({ title, checks }) => checks.map((check) => [title, check] as const))
    .filter(([, { outcome }]) => outcome === 'failed')

/** Group and fact of the one failure. */
function theFailure(verification: AdminVerification): { title: string; fact: string; place: string | undefined } {
  const [failure, ...others] = failures(verification)
  expect(others).toEqual([])
  expect(verification.isWell).toBe(false)
  return { title: failure?.[0] ?? '', fact: failure?.[1].fact ?? '', place: failure?.[1].place }
}

describe('through a proxy', () => {
  it('that lets it pass: well, and the way is told', async () => {
    const squid = await startSquid({ allowed: ['localhost'], credentials: USER })
    open.push(squid)
    const proxy = `http://${USER.userName}:${USER.password}@127.0.0.1:${squid.port}`
    const verification = await verify('passes', { proxy })
    expect(failures(verification)).toEqual([])
    const text = JSON.stringify(verification)
    expect(text).toContain(`through the proxy 127.0.0.1:${squid.port} (the option proxy of the integration)`)
    expect(text).not.toContain(USER.password)
  })

  it('that wants a password: told as the proxy’s, with the line', async () => {
    const squid = await startSquid({ allowed: ['localhost'], credentials: USER })
    open.push(squid)
    const failure = theFailure(await verify('asks', { proxy: `http://127.0.0.1:${squid.port}` }))
    expect(failure).toMatchObject({ title: 'You, here', place: 'oauth-clients.conf:7' })
    expect(failure.fact).toMatch(/: the proxy 127\.0\.0\.1:\d+ asked for a password\.$/)
  })

  it('that does not allow the host: for the network team', async () => {
    const tinyproxy = await startTinyproxy({ allowed: ['elsewhere.example'], connectPort: provider.port })
    open.push(tinyproxy)
    const failure = theFailure(await verify('refuses', { proxy: `http://127.0.0.1:${tinyproxy.port}` }))
    expect(failure).toMatchObject({ title: 'Your network team' })
    expect(failure.fact).toMatch(/: the proxy 127\.0\.0\.1:\d+ does not allow this host\.$/)
  })

  it('that is not there: for the network team, with the line', async () => {
    const failure = theFailure(await verify('gone', { proxy: 'http://127.0.0.1:9' }))
    expect(failure).toMatchObject({ title: 'Your network team', place: 'oauth-clients.conf:7' })
    expect(failure.fact).toMatch(/: the proxy 127\.0\.0\.1:9 refused the connection\.$/)
  })
})

describe('the authority of a certificate', () => {
  it('that ca-file names: well', async () => {
    expect(failures(await verify('named', {}))).toEqual([])
  })

  it('that nothing names: the missing one is told, and where it is to be written', async () => {
    const failure = theFailure(await verify('not-named', { 'ca-file': '' }))
    expect(failure).toMatchObject({ title: 'You, here', place: 'oauth-clients.conf:1' })
    expect(failure.fact).toContain('a certificate issued by "Corp Root"')
  })
})

describe('a host', () => {
  it('that speaks no TLS', async () => {
    const plain = await listening(
      createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end('220 mail ESMTP\r\n'),
      ),
    )
    const { port } = plain.address() as { port: number }
    const failure = theFailure(await verify('plain', { 'token-url': `https://localhost:${port}/token` }))
    expect(failure.fact).toMatch(/could not agree on a safe connection|closed the connection/)
  })
})

async function listening(tcp: Server): Promise<Server> {
  await new Promise<void>((resolve) => tcp.listen(0, 'localhost', resolve))
  open.push({ close: () => new Promise((resolve) => tcp.close(resolve)) })
  return tcp
}

describe('whoever asked', () => {
  it('and goes away ends it: nothing more is sent, and another one may begin', async () => {
    let letGo = (): void => undefined
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const arrived = provider.received(provider.requests.length + 1)
    provider.always(async (exchange) => {
      await held
      await usual(exchange)
    })
    const leaving = verifyAndLeave('left', arrived)
    await leaving
    letGo()
    provider.always(usual)
    await expect
      .poll(
        async () =>
          (await askAdmin<AdminVerification>(files, 'POST', '/verify', { section: 'left' }).catch(() => undefined))?.isWell,
      )
      .toBe(true)
  })
})

/** Begins a verification over the admin socket and hangs up when a request of it has arrived at the service. */
async function verifyAndLeave(section: string, arrived: Promise<void>): Promise<void> {
  const base = `https://localhost:${provider.port}`
  const lines = `client-id=box\nclient-secret=a-secret-of-the-client\nca-file=ca/corp.pem\nauthorization-url=${base}/authorize\ntoken-url=${base}/token\n`
  writeOauthClients(files, `[${section}]\n${lines}`)
  expect((await server.reload()).applied).toBe(true)
  const { request } = await import('node:http')
  const body = JSON.stringify({ section })
  const call = request({ socketPath: join(files.dataDir, 'admin.sock'), method: 'POST', path: '/verify' })
  call.on('error', () => undefined)
  call.end(body)
  await arrived
  call.destroy()
}
