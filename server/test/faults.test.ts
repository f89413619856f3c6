import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { endless, grant, grantHeld, held, newGate, oauthError, reply, reset } from '../testing/behaviours.ts'
import { makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { BENCHKEY } from '../testing/command-line.ts'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import { runAdmin, send, writeOauthClients } from '../testing/start-server.ts'

const DEAD = -1000
const STALE_MS = 240_000
const MIB = 1024 * 1024

/** Faults of refresh.md at a real `serve` process, named by their numbers. */
describe('a server that is hurt', () => {
  let bench: FaultBench

  beforeAll(async () => {
    bench = await FaultBench.prepare(sections)
    await bench.start()
    for (const section of ['strict', 'graceful']) await bench.signIn(section)
  })

  afterAll(() => bench.close())

  it.each([
    ['strict', 'has ended', DEAD],
    ['strict', 'still lives', STALE_MS],
    ['graceful', 'still lives', STALE_MS],
  ])('F2: kill -9 while the reply is under way, %s, the token %s', async (section, _name, leftMs) => {
    bench.age(section, leftMs)
    const before = bench.refreshes
    const generation = Number(bench.row(section)?.generation)
    bench.provider.next(grantHeld(newGate()))
    const cutOff = bench.fetch(section).catch((error: Error) => error)
    await bench.provider.received(bench.provider.requests.length + 1)
    await bench.kill()
    expect(await cutOff).toBeInstanceOf(Error)
    expect(bench.row(section)).toMatchObject({ generation, attempt_open: 1 })
    // A service that gives a spent token no grace; the other one stays as it is.
    if (section === 'strict' && leftMs < 0) bench.provider.next(oauthError('invalid_grant'))
    await bench.start()
    if (section === 'graceful') {
      await expect.poll(() => bench.row(section)?.generation).toBe(generation + 1)
      expect(replyOf(await bench.fetch(section)).warning).toBeUndefined()
      expect(bench.refreshes - before).toBe(2)
    } else if (leftMs < 0) {
      expect(replyOf(await bench.fetch(section))).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
      expect(replyOf(await bench.fetch('graceful')).access_token).toBeDefined()
      await bench.signIn('strict')
    } else {
      expect(replyOf(await bench.fetch(section)).warning).toContain('(the renewal was interrupted)')
      expect(bench.refreshes - before).toBe(1)
    }
  })

  it('F3: kill -9 after the save: the next call gets the new token, and the service saw one refresh', async () => {
    bench.age('graceful', DEAD)
    const before = bench.refreshes
    const generation = Number(bench.row('graceful')?.generation)
    const cutOff = bench.fetch('graceful').catch((error: Error) => error)
    while (bench.row('graceful')?.generation === generation) await new Promise((turn) => setImmediate(turn))
    await bench.kill()
    await cutOff
    await bench.start()
    expect(replyOf(await bench.fetch('graceful')).warning).toBeUndefined()
    expect(bench.refreshes - before).toBe(1)
  })

  it('F4: SIGTERM during a refresh: its caller is answered, the pair is saved, exit 0', async () => {
    bench.age('strict', DEAD)
    const gate = newGate()
    bench.provider.next(held(gate, grant()))
    const waiting = bench.fetch('strict')
    await bench.provider.received(bench.provider.requests.length + 1)
    const ended = bench.end()
    await untilRefusing()
    gate.open()
    const { access_token: token, status } = replyOf(await waiting)
    expect(status).toBe(200)
    expect(await ended).toBe(0)
    const before = bench.refreshes
    await bench.start()
    expect(replyOf(await bench.fetch('strict'))).toEqual({ status: 200, access_token: token, expiry: expect.anything() })
    expect(bench.refreshes).toBe(before)
  })

  // The refresh itself would be cut after 120 s, later than this test gives up; the server waits for it 20 s.
  it('F4: a service that does not answer keeps no server from ending: its caller is told, exit 0', async () => {
    bench.age('strict', STALE_MS)
    bench.provider.next(grantHeld(newGate()))
    const waiting = bench.fetch('strict')
    await bench.provider.received(bench.provider.requests.length + 1)
    const ended = bench.end()
    expect(replyOf(await waiting).warning).toContain('(timed out after 15 s)')
    expect(await ended).toBe(0)
    expect(bench.row('strict')).toMatchObject({ attempt_open: 1, lease_node: expect.anything() })
    await bench.start()
    expect(replyOf(await bench.fetch('strict')).warning).toContain('(the renewal was interrupted)')
  })

  it('F4: through npm too', async () => {
    await bench.end()
    await bench.start(['npm', 'run', '-s', 'benchkey', '--'])
    bench.age('strict', DEAD)
    const gate = newGate()
    bench.provider.next(held(gate, grant()))
    const waiting = bench.fetch('strict')
    await bench.provider.received(bench.provider.requests.length + 1)
    const ended = bench.end()
    await untilRefusing()
    gate.open()
    expect(replyOf(await waiting).access_token).toBeDefined()
    expect(await ended).toBe(0)
    await bench.start()
  })

  it('F5: a caller that hangs up cancels nothing', async () => {
    bench.age('strict', DEAD)
    const generation = Number(bench.row('strict')?.generation)
    const gate = newGate()
    bench.provider.next(held(gate, grant()))
    const { body, ...rest } = bench.request('strict')
    const caller = httpsRequest(new URL('/oauth_token', bench.files.publicUrl), { ca: bench.files.ca, agent: false, ...rest })
    caller.on('error', () => undefined).end(body)
    await bench.provider.received(bench.provider.requests.length + 1)
    caller.destroy()
    gate.open()
    await expect.poll(() => bench.row('strict')?.generation).toBe(generation + 1)
  })

  it.each([
    ['F8: 503', reply('', { status: 503, headers: { 'retry-after': '60' } }), 'answered 503'],
    ['F8: 500', reply('<h1>', { status: 500 }), 'answered 500'],
    ['F8: 408', reply('', { status: 408 }), 'answered 408'],
    ['F9: the connection is reset', reset(), 'closed the connection'],
    ['F13: HTML', reply('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }), 'answered'],
    ['F14: 200 with an error', reply({ error: 'temporarily_unavailable' }), 'answered temporarily_unavailable'],
  ])('%s: the token that lives is served, with the reason', async (_name, behaviour, words) => {
    bench.age('strict', STALE_MS)
    bench.provider.always(behaviour)
    const answer = replyOf(await bench.fetch('strict'))
    bench.provider.always(grant())
    expect(answer).toMatchObject({ status: 200, access_token: expect.anything(), warning: expect.stringContaining(words) })
  })

  it('F12: an endless body and a gzip bomb cost no memory', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * MIB))
    expect(bomb.length).toBeLessThan(256 * 1024)
    await hurt()
    const before = residentBytes(bench.pid)
    for (let n = 0; n < 3; n += 1) await hurt()
    expect(residentBytes(bench.pid) - before).toBeLessThan(20 * MIB)

    async function hurt(): Promise<void> {
      for (const behaviour of [endless(Buffer.alloc(64 * 1024, ' ')), reply(bomb, { headers: { 'content-encoding': 'gzip' } })]) {
        bench.age('strict', STALE_MS)
        bench.provider.next(behaviour)
        expect(replyOf(await bench.fetch('strict')).warning).toContain('did not renew your token')
      }
    }
  })

  it('F15: invalid_grant: sign in again, with the link', async () => {
    bench.age('strict', STALE_MS)
    bench.provider.next(oauthError('invalid_grant'))
    expect(replyOf(await bench.fetch('strict'))).toMatchObject({
      code: 'reauthentication_required',
      reason: 'refused',
      link: `${bench.files.publicUrl}/sign-in/strict`,
    })
    await bench.signIn('strict')
    expect(replyOf(await bench.fetch('strict')).access_token).toBeDefined()
  })

  it('F16: a wrong secret is told; after its correction all is well without a sign-in', async () => {
    bench.age('strict', DEAD)
    bench.provider.always(({ request, ...rest }) => {
      const isRight = request.parameters.get('client_secret') === 'the-right-secret'
      return (isRight ? grant() : oauthError('invalid_client', { status: 401 }))({ request, ...rest })
    })
    expect(replyOf(await bench.fetch('strict'))).toMatchObject({ code: 'configuration_error', reason: 'client' })
    writeOauthClients(bench.files, sections(bench.provider).replaceAll('a-long-secret', 'the-right-secret'))
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
    expect(replyOf(await bench.fetch('strict'))).toMatchObject({ status: 200, access_token: expect.anything() })
    bench.provider.always(grant())
  })

  it("F26: ciphertexts that change places are never served as another's", async () => {
    await bench.end()
    bench.edit((database) => {
      const rows = database.prepare('SELECT token_id, access_token FROM oauth2_token_secrets').all()
      const [one, two] = rows
      const put = database.prepare('UPDATE oauth2_token_secrets SET access_token = ? WHERE token_id = ?')
      put.run(two?.access_token ?? '', one?.token_id ?? '')
      put.run(one?.access_token ?? '', two?.token_id ?? '')
    })
    await bench.start()
    for (const section of ['strict', 'graceful']) {
      const answer = replyOf(await bench.fetch(section))
      expect(answer).toMatchObject({ code: 'reauthentication_required', reason: 'unreadable' })
      expect(answer.access_token).toBeUndefined()
      await bench.signIn(section)
      expect(replyOf(await bench.fetch(section)).access_token).toBeDefined()
    }
  })

  it('F30: sign-out while the service is down: gone here at once, revoked there when it is back', async () => {
    const browser = await bench.browser()
    const uid = bench.uid('strict')
    bench.provider.always(reset())
    expect((await browser.ask(`/api/integrations/${uid}/sign-out`, {})).status).toBe(200)
    expect(replyOf(await bench.fetch('strict')).code).toBe('not_signed_in')
    await expect
      .poll(async () => (await browser.ask(`/api/integrations/${uid}`)).body)
      .toMatch(/"revocation":\{"state":"waiting".*closed the connection/)
    bench.provider.always(grant())
    const before = bench.provider.requests.length
    await bench.end()
    bench.edit((database) => database.exec('UPDATE revocations SET next_at = 0'))
    await bench.start()
    await bench.provider.received(before + 2)
    const revoked = bench.provider.requests.slice(before).map(({ path, parameters }) => [path, parameters.get('token_type_hint')])
    expect(revoked).toEqual([
      ['/revoke', 'refresh_token'],
      ['/revoke', 'access_token'],
    ])
    await expect.poll(async () => (await browser.ask(`/api/integrations/${uid}`)).body).not.toContain('"revocation"')
    await bench.signIn('strict')
  })

  it('F32: a section that is removed and added again gives the same token', async () => {
    const { access_token: token } = replyOf(await bench.fetch('strict'))
    const text = readFileSync(`${bench.files.configDir}/oauth-clients.conf`, 'utf8')
    writeOauthClients(bench.files, text.slice(text.indexOf('[graceful]')))
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
    expect(replyOf(await bench.fetch('strict')).code).toBe('unknown_integration')
    expect(bench.row('strict')).toBeDefined()
    writeOauthClients(bench.files, text)
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
    expect(replyOf(await bench.fetch('strict')).access_token).toBe(token)
  })

  it('F37: a request that meets an unknown failure gets 500 with a reference; the server serves on', async () => {
    const put = (scopes: string): void =>
      bench.edit((database) => {
        const sql = 'UPDATE oauth2_tokens SET scopes_asked = ?, revision = revision + 1 WHERE id = ?'
        database.prepare(sql).run(scopes, String(bench.row('strict')?.id))
      })
    put('no JSON')
    const answer = await bench.fetch('strict')
    expect(answer.status).toBe(500)
    expect(answer.body).toMatch(/reference [0-9a-f]{12}/)
    expect(replyOf(await bench.fetch('graceful')).access_token).toBeDefined()
    put('[]')
    expect(replyOf(await bench.fetch('strict')).access_token).toBeDefined()
  })

  /** It takes no connections any more: it is ending. */
  function untilRefusing(): Promise<void> {
    const ask = (): Promise<string> =>
      send(bench.files, '/health/live').then(
        () => 'answered',
        (error: NodeJS.ErrnoException) => error.code ?? '',
      )
    return expect.poll(ask, { interval: 20 }).toBe('ECONNREFUSED')
  }
})

it('F1: kill -9 before the request leaves: one refresh runs, and nothing is lost', async () => {
  const authority = await makeAuthority('Services')
  const tls = await makeLeaf(authority, ['127.0.0.1'])
  const gate = await startSocketGate()
  const bench = await FaultBench.prepare(() => sections(urlsAt(gate.port)), { rotation: 'strict-family', tls })
  onTestFinished(async () => {
    await bench.close()
    await gate.close()
  })
  gate.target = bench.provider.port
  const caFile = join(bench.files.dir, 'services.pem')
  writeFileSync(caFile, authority.pem)
  const executable = ['env', `NODE_EXTRA_CA_CERTS=${caFile}`, ...BENCHKEY]
  await bench.start(executable)
  await bench.signIn('strict')
  bench.age('strict', DEAD)
  gate.target = undefined
  const connected = gate.connected()
  const cutOff = bench.fetch('strict').catch((error: Error) => error)
  await connected
  expect(bench.row('strict')).toMatchObject({ generation: 1, attempt_open: 1 })
  await bench.kill()
  await cutOff
  gate.target = bench.provider.port
  await bench.start(executable)
  expect(replyOf(await bench.fetch('strict')).access_token).toBeDefined()
  expect(bench.refreshes).toBe(1)
  expect(bench.provider.ledger.duplicates).toBe(0)
})

function urlsAt(port: number): { authorizationUrl: string; tokenUrl: string; revocationUrl: string } {
  const origin = `https://127.0.0.1:${port}`
  return { authorizationUrl: `${origin}/authorize`, tokenUrl: `${origin}/token`, revocationUrl: `${origin}/revoke` }
}

/** Takes connections and passes their bytes on to the target; without one they stay where they are. */
async function startSocketGate() {
  const arrivals: (() => void)[] = []
  const sockets = new Set<Socket>()
  const gate = {
    target: undefined as number | undefined,
    port: 0,
    connected: () => new Promise<void>((resolve) => void arrivals.push(resolve)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    for (const arrived of arrivals.splice(0)) arrived()
    if (gate.target === undefined) return
    const onward = connect(gate.target, '127.0.0.1')
    sockets.add(onward)
    onward.on('error', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  gate.port = (server.address() as AddressInfo).port
  return gate
}

function sections(provider: { authorizationUrl: string; tokenUrl: string; revocationUrl: string }): string {
  const section = (name: string, reuse: string): string => `[${name}]
client-id = ${name}
client-secret = a-long-secret
authorization-url = ${provider.authorizationUrl}
token-url = ${provider.tokenUrl}
revocation-url = ${provider.revocationUrl}
redirect-uri = per-integration
refresh-reuse = ${reuse}
scopes = read

`
  return section('strict', 'strict') + section('graceful', 'grace:60')
}

/** Anonymous memory of a process; what lies in the page cache is not its own. */
function residentBytes(pid: number): number {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}
