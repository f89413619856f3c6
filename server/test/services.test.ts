import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startProcess } from '../testing/command-line.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { type RawReply, runAdmin, send } from '../testing/start-server.ts'

/** A service, a user and their session, through everything from `benchkey service add` to the token, over real https. */

const PYTHON = [join(import.meta.dirname, '../testing/wire/as-posit-sdk.py')]
const R = [join(import.meta.dirname, '../testing/wire/as-rstudioapi.R')]

interface Opened {
  readonly session: { readonly id: string }
  readonly cookie: string
  readonly environment: Readonly<Record<string, string>>
  readonly ca_certificate: string
}

let world: SessionWorld
let hub: string
const tokens: string[] = []

beforeAll(async () => {
  world = await startSessionWorld({ singleUser: false })
  await world.addUser('daemon')
  hub = await addService('jupyterhub', '--act-for', 'user:demo', '--expires', '90d')
})
afterAll(async () => {
  expect(await world.close()).toBe(0)
})

async function addService(name: string, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runAdmin(world.files, ['service', 'add', name, ...options])
  expect(code, stderr).toBe(0)
  const token = stdout.trim()
  tokens.push(token)
  return token
}

/** A call of a service. */
function ask(token: string, method: string, path: string, body?: unknown): Promise<RawReply> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return send(world.files, path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

async function open(token: string, more: object = {}): Promise<Opened> {
  const reply = await ask(token, 'POST', '/api/v1/sessions', { user: 'demo', name: 'notebook', ...more })
  expect(reply.status, reply.body).toBe(201)
  return JSON.parse(reply.body) as Opened
}

const call = (cookie: string, path: string, body: unknown = {}, method = 'POST') =>
  send(world.files, path, { method, headers: { 'x-rs-session-server-rpc-cookie': cookie }, body: JSON.stringify(body) })

const tokenWith = async (cookie: string, uid = world.uid) =>
  JSON.parse((await call(cookie, '/oauth_token', { kwparams: { uuid: uid } })).body) as Readonly<Record<string, string>>

describe('a session that a service starts', () => {
  it('gives R and Python the same token, by the variables it is told, and none when it is ended', async () => {
    const opened = await open(hub, { host: 'node-7' })
    expect(opened.ca_certificate).toBe(world.files.ca)
    const variables = { ...opened.environment, RS_SESSION_RPC_COOKIE: opened.cookie, REQUESTS_CA_BUNDLE: world.files.caFile }
    const run = (...words: readonly string[]) => startProcess(words, variables).finished
    const python = await run('/usr/bin/python3', ...PYTHON, world.uid)
    const r = await run('Rscript', '--vanilla', ...R, world.uid)
    const { access_token: token } = await tokenWith(opened.cookie)
    expect(python.stdout, python.stderr).toContain(`"token": "${token}"`)
    expect(r.stdout, r.stderr).toContain(`"${token}"`)
    const path = `/api/v1/sessions/${opened.session.id}`
    expect(JSON.parse((await ask(hub, 'GET', path)).body)).toMatchObject({ session: { state: 'running', host: 'node-7' } })
    expect(JSON.parse((await ask(hub, 'DELETE', path)).body)).toEqual({ ended: true })
    expect(await world.statusWith(opened.cookie)).toBe(401)
  })

  it('gets no token but of the integrations of its service', async () => {
    await world.signIn('box-integration')
    const limited = await addService('limited', '--act-for', 'user:demo', '--expires', '1d', '--integration', 'box-integration')
    const { cookie } = await open(limited)
    expect(await tokenWith(cookie)).toMatchObject({ code: 'unknown_integration' })
    const listed = JSON.parse((await call(cookie, '/oauth_integrations')).body) as {
      providers: { integrations: { uid: string; name: string }[] }[]
    }
    expect(listed.providers.flatMap(({ integrations }) => integrations.map(({ name }) => name))).toEqual(['box-integration'])
    expect(await tokenWith(cookie, listed.providers[0]?.integrations[0]?.uid)).toHaveProperty('access_token')
  })

  it('is had for the members of a group of this host, and for nobody else', async () => {
    const batch = await addService('batch', '--act-for', 'group:daemon', '--expires', '1d', '--from', '127.0.0.0/8')
    expect(await open(batch, { user: 'daemon' })).toMatchObject({ session: { user: 'daemon' } })
    expect((await ask(batch, 'POST', '/api/v1/sessions', { user: 'demo', name: 'job' })).status).toBe(403)
  })

  it('is refused from elsewhere as with a token that is none', async () => {
    const far = await addService('far', '--all-users', '--expires', '1d', '--from', '10.0.0.0/8')
    const [refused, forged] = [
      await ask(far, 'POST', '/api/v1/sessions', { user: 'demo', name: 'x' }),
      await ask(`bks_${'A'.repeat(43)}`, 'POST', '/api/v1/sessions', { user: 'demo', name: 'x' }),
    ]
    expect([refused.status, refused.body]).toEqual([401, forged.body])
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="Benchkey", error="invalid_token"')
  })

  it('outlives a rotation of its service’s token and a restart of the server, and ends with the service', async () => {
    const { cookie } = await open(hub)
    const rotated = await runAdmin(world.files, ['service', 'rotate', 'jupyterhub', '--overlap', '0'])
    tokens.push(rotated.stdout.trim())
    expect((await ask(hub, 'POST', '/api/v1/sessions', { user: 'demo', name: 'x' })).status).toBe(401)
    world.serve.child.kill('SIGTERM')
    await world.serve.finished
    await world.startAgain()
    expect(await world.statusWith(cookie)).toBe(200)
    const { stdout } = await runAdmin(world.files, ['service', 'list', '--json'])
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'jupyterhub', sessions: 1 }))
    expect(await runAdmin(world.files, ['service', 'remove', 'jupyterhub', '--yes'])).toMatchObject({ code: 0 })
    expect(await world.statusWith(cookie)).toBe(401)
    hub = await addService('jupyterhub', '--act-for', 'user:demo', '--expires', '90d')
  })

  it('leaves its service’s token in no file of the server', async () => {
    await open(hub)
    const database = ['benchkey.db', 'benchkey.db-wal']
      .map((name) => readFileSync(join(world.files.dataDir, name), 'latin1'))
      .join('')
    expect(tokens.length).toBeGreaterThan(4)
    for (const token of tokens) expect(database).not.toContain(token.slice(4))
  })
})

describe('the OpenAPI document, held against real replies', () => {
  type Schema = Readonly<Record<string, unknown>>
  type Document = {
    paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>>
    components: { schemas: Record<string, Schema> }
  }
  let document: Document
  const seen = new Set<string>()

  beforeAll(async () => {
    const reply = await send(world.files, '/api/v1/openapi.json')
    expect(reply.headers['content-type']).toBe('application/json')
    document = JSON.parse(reply.body) as Document
  })

  /** An object that names its members may have no other: what is not described is found this way. */
  function closed(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map(closed)
    if (typeof schema !== 'object' || schema === null) return schema
    const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
    return 'properties' in inner && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner
  }

  function holds(method: string, path: string, reply: RawReply): void {
    const described = document.paths[path]?.[method]?.responses[reply.status]?.content
    expect(described, `${method} ${path} ${reply.status}`).toBeDefined()
    const [type = '', media] = Object.entries(described ?? {})[0] ?? []
    expect(reply.headers['content-type']).toMatch(new RegExp(`^${type}`))
    seen.add(`${method} ${path}`)
    if (type === 'text/plain') return
    const whole = { ...(closed(media?.schema) as Schema), $defs: closed(document.components.schemas) }
    const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')
    const { error } = z
      .fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0])
      .safeParse(JSON.parse(reply.body))
    expect(error, `${method} ${path}: ${reply.body}`).toBeUndefined()
    seen.add(`${method} ${path}`)
  }

  it('describes every one of them, and every member in them', async () => {
    const { cookie, session } = await open(hub, { integrations: ['demo'], life_seconds: 600, host: 'node-7' })
    const forDemo = `/api/v1/integrations/${world.uid}`
    const report = { fingerprint: '0123456789abcdef' }
    for (const method of ['get', 'post'] as const) {
      const rpc = (path: string, body: unknown) => call(cookie, path, body, method.toUpperCase())
      holds(method, '/oauth_integrations', await rpc('/oauth_integrations', { kwparams: [] }))
      holds(method, '/oauth_token', await rpc('/oauth_token', { kwparams: { uuid: world.uid } }))
      holds(method, '/oauth_token', await rpc('/oauth_token', { kwparams: { uuid: 'none' } }))
      holds(method, '/oauth_token', await rpc('/oauth_token', []))
      holds(method, '/id_token', await rpc('/id_token', {}))
      holds(method, '/delegated_azure_token', await rpc('/delegated_azure_token', { params: ['x'] }))
      holds(method, '/api/v1/session', await rpc('/api/v1/session', {}))
      holds(method, '/api/v1/integrations/{uid}', await rpc(forDemo, {}))
    }
    holds('post', '/api/v1/integrations/{uid}/report', await call(cookie, `${forDemo}/report`, report))
    holds('post', '/oauth/token', await exchange(cookie))
    holds('post', '/oauth/token', await exchange('forged'))
    holds('post', '/api/v1/session/end', await call(cookie, '/api/v1/session/end'))
    const device = await form('/api/v1/device/authorization', { host: 'laptop' })
    holds('post', '/api/v1/device/authorization', device)
    holds('post', '/api/v1/device/authorization', await form('/api/v1/device/authorization', {}))
    const { device_code } = JSON.parse(device.body) as { device_code: string }
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    holds('post', '/api/v1/device/token', await form('/api/v1/device/token', { grant_type, device_code }))
    holds('post', '/api/v1/integrations/{uid}/sign-out', await call(cookie, `${forDemo}/sign-out`))
    const own = `/api/v1/sessions/${session.id}`
    holds('post', '/api/v1/sessions', await ask(hub, 'POST', '/api/v1/sessions', { user: 'demo', name: 'x', host: 'y' }))
    holds('post', '/api/v1/sessions', await ask(hub, 'POST', '/api/v1/sessions', { user: 'eve', name: 'x' }))
    holds('post', '/api/v1/sessions', await ask('bks_', 'POST', '/api/v1/sessions', {}))
    holds('get', '/api/v1/sessions/{id}', await ask(hub, 'GET', own))
    holds('get', '/api/v1/sessions/{id}', await ask(hub, 'GET', `${own}x`))
    holds('delete', '/api/v1/sessions/{id}', await ask(hub, 'DELETE', own))
    holds('get', '/api/v1/sessions/{id}', await ask(hub, 'GET', own))
    holds('get', '/api/v1/openapi.json', await send(world.files, '/api/v1/openapi.json'))
    const all = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))
    expect([...seen].sort()).toEqual(all.sort())
  })

  function exchange(cookie: string): Promise<RawReply> {
    const type = 'urn:ietf:params:oauth:token-type:access_token'
    const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
    return form('/oauth/token', { grant_type: grant, subject_token: cookie, subject_token_type: type, audience: world.uid })
  }

  function form(path: string, parameters: Record<string, string>): Promise<RawReply> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return send(world.files, path, { method: 'POST', headers, body: new URLSearchParams(parameters).toString() })
  }
})
