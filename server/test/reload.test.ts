import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Effects } from '../src/domain/effects.ts'
import { realEffects } from '../src/effects.ts'
import type { Running } from '../testing/command-line.ts'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  startInProcess,
  startServeProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const CONNECTIONS = 200
const RELOADS = 10
/** Between two readings of the files. */
const SETTLE_MS = 100

/** Faults F22 and F23 of refresh.md: a configuration that is broken or half written. */
describe('a configuration that is changed under a running server', () => {
  let bench: FaultBench
  let running: Running
  let good: string
  let broken: string

  beforeAll(async () => {
    bench = await FaultBench.prepare(
      ({ authorizationUrl, tokenUrl }) => `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = ${authorizationUrl}
token-url = ${tokenUrl}
scopes = read
`,
    )
    running = await bench.start()
    await bench.signIn('lab')
    good = readFileSync(join(bench.files.configDir, 'oauth-clients.conf'), 'utf8')
    broken = good.replace('client-secret = a-long-secret', 'client-sekret = a-long-secret')
  })

  afterAll(() => bench.close())

  it('broken: refused whole, with file and line, and the old one stays', async () => {
    writeOauthClients(bench.files, `${broken}\n[another]\nclient-id = x\n`)
    const { code, stdout, stderr } = await runAdmin(bench.files, ['reload'])
    expect(code).toBe(78)
    expect(stdout).toMatch(/oauth-clients\.conf:3: \[lab\] client-sekret: /)
    expect(stdout).toMatch(/\[another\]/)
    expect(stderr).toContain('the server keeps its configuration')
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
    writeOauthClients(bench.files, good)
  })

  it.each(['[la', '[lab]\nclient-id = la', 'client-secret = a-long-secret\nauth'])('cut off after %j: refused', async (end) => {
    writeOauthClients(bench.files, good.slice(0, good.indexOf(end) + end.length))
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 78 })
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
    writeOauthClients(bench.files, good)
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
  })

  it('cut off inside an address: nothing is sent to what is left of it, and all is well when it is whole', async () => {
    bench.age('lab', 240_000)
    const cut = good.indexOf('/token\n')
    writeOauthClients(bench.files, `${good.slice(0, cut - 1)}\nscopes = read\n`)
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
    const before = bench.provider.requests.length
    expect(replyOf(await bench.fetch('lab'))).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
    writeOauthClients(bench.files, good)
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
    expect(bench.provider.requests.length).toBe(before)
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
  })

  it('SIGHUP: the same, its end is in the audit', async () => {
    const outcomes = (): readonly string[] =>
      bench.edit((database) =>
        database
          .prepare("SELECT action FROM audit WHERE action LIKE 'configuration.%' ORDER BY rowid")
          .all()
          .map(({ action }) => String(action)),
      )
    const before = outcomes().length
    writeOauthClients(bench.files, broken)
    running.child.kill('SIGHUP')
    await expect.poll(outcomes).toHaveLength(before + 1)
    writeOauthClients(bench.files, good.replace('read', 'read, write'))
    running.child.kill('SIGHUP')
    await expect.poll(outcomes).toHaveLength(before + 2)
    expect(outcomes().slice(-2)).toEqual(['configuration.refused', 'configuration.applied'])
    expect(replyOf(await bench.fetch('lab')).warning).toContain('now also asks for write')
    writeOauthClients(bench.files, good)
    expect(await runAdmin(bench.files, ['reload'])).toMatchObject({ code: 0 })
  })

  it(`${CONNECTIONS} callers on connections they keep, ${RELOADS} reloads, good and broken in turn: no failure`, {
    timeout: 90_000,
  }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: bench.files.ca })
    let reloading = true
    const statuses = new Map<number | string, number>()
    const callers = Array.from({ length: CONNECTIONS }, async () => {
      do {
        const status = await ask(agent)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      } while (reloading)
    })
    const codes: (number | null)[] = []
    for (let n = 0; n < RELOADS; n += 1) {
      writeOauthClients(bench.files, n % 2 === 0 ? good.replace('read', `read${n}`) : broken)
      codes.push((await runAdmin(bench.files, ['reload'])).code)
    }
    reloading = false
    await Promise.all(callers)
    agent.destroy()
    expect(codes).toEqual(Array.from({ length: RELOADS }, (_, n) => (n % 2 === 0 ? 0 : 78)))
    expect([...statuses.keys()]).toEqual([200])
    expect(statuses.get(200)).toBeGreaterThan(2 * CONNECTIONS)
    writeOauthClients(bench.files, good)
  })

  it('broken at a cold start: exit 78, all findings, and the database is not touched', async () => {
    await bench.end()
    writeFileSync(join(bench.files.configDir, 'oauth-clients.conf'), broken)
    const database = join(bench.files.dataDir, 'benchkey.db')
    const before = readFileSync(database)
    await expect(startServeProcess(bench.files)).rejects.toThrow(
      /ended with 78: .*oauth-clients\.conf:3: \[lab\] client-sekret: /s,
    )
    expect(readFileSync(database).equals(before)).toBe(true)
    writeOauthClients(bench.files, good)
    await bench.start()
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
  })

  function ask(agent: Agent): Promise<number | string> {
    const { body, ...rest } = bench.request('lab')
    return new Promise((resolve) => {
      const request = httpsRequest(new URL('/oauth_token', bench.files.publicUrl), { agent, ...rest }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0))
        response.once('error', (error) => resolve(error.message))
      })
      request.once('error', (error) => resolve(error.message)).end(body)
    })
  }
})

it('a file that is being written while the reload reads it is read again until it is whole', async () => {
  const files = await prepareServer()
  const section = `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = https://lab.example/authorize
token-url = https://lab.example/token
scopes = read
`
  const pieces = [20, 40, 70, section.length].map((bytes) => section.slice(0, bytes))
  const real = realEffects()
  let pauses = 0
  const write = (): void => {
    pauses += 1
    const piece = pieces.shift()
    if (piece !== undefined) writeOauthClients(files, piece)
  }
  let reloading = false
  const sleep: Effects['sleep'] = (ms, signal) => {
    if (!reloading || ms !== SETTLE_MS) return real.sleep(ms, signal)
    write()
    return Promise.resolve()
  }
  const server = await startInProcess(files, { effects: { ...real, sleep } })
  writeOauthClients(files, '[la')
  reloading = true
  const { applied } = await server.reload()
  reloading = false
  await server.close()
  removeFiles(files)
  expect(applied).toBe(true)
  expect(pauses).toBe(5)
})
