import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Configuration, LoadResult } from '../config/configuration.ts'
import { LocalAccounts } from '../login/local-accounts.ts'
import { Administrator } from './administration.ts'
import { BrowserLogins } from './logins.ts'
import { SessionKeeper } from './sessions.ts'

const accounts = new LocalAccounts({ log2N: 4, r: 8, p: 1 })
const address = '192.0.2.1'

const holder = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: 'b' }
const node = { holder, isDead: () => false, host: 'n', version: '1.0.0' }

let room: BrokerRoom
let loaded: LoadResult
let woken: number
let hashes: string[]
let sessions: SessionKeeper

beforeEach(async () => {
  room = await openBrokerRoom()
  loaded = { diagnostics: [] }
  woken = 0
  hashes = []
  sessions = new SessionKeeper({
    ...room,
    callbackAddress: room.publicUrl,
    singleUser: true,
    serverUid: 1000,
    sessionSocketPath: () => undefined,
    node,
    findUnixAccount: async () => undefined,
    endLaunched: async () => false,
  })
})

afterEach(async () => {
  await sessions.close()
  await room.close()
})

const started: Configuration = {
  server: {
    wwwAddress: '127.0.0.1',
    wwwPort: 8443,
    publicUrl: 'https://bench.example',
    callbackAddress: 'https://bench.example',
    singleUser: false,
    sessionsAccount: 'benchkey-proxy',
    terminalSessionHours: 12,
    trustedProxies: [],
    insecureLoopbackProviders: false,
    denyPrivateEndpoints: false,
    secretsDir: '/secrets',
    sessionTimeoutMinutes: 120,
    sessionsPerUser: 10,
    sessionLimits: { openFiles: 0, processes: 0, memoryMib: 0 },
  },
  database: { provider: 'sqlite', directory: '/data' },
  integrations: [],
  applications: [],
}

function administrator(singleUser = false): Administrator {
  return new Administrator({
    ...{ ...room, accounts, sessions, singleUser, started },
    launched: undefined,
    loadConfiguration: async () => loaded,
    wakeRevocations: () => {
      woken += 1
    },
    checkKeyRing: () => undefined,
    node,
    sessionPages: { problem: undefined },
    configurationChanged: () => {
      hashes.push(room.catalogue.hash)
    },
  })
}

const demo = { name: 'demo', password: 'a good password', isAdmin: false }

describe('user administration', () => {
  test('adds a user who can then log in', async () => {
    expect(await administrator().addUser({ ...demo, isAdmin: true })).toMatchObject({ name: 'demo', isAdmin: true })
    const logins = new BrowserLogins({ ...room, accounts, singleUser: false })
    expect(await logins.logIn({ userName: 'demo', password: demo.password, address })).toMatchObject({ kind: 'ok' })
    expect((await administrator().listUsers()).map(({ name }) => name)).toEqual(['demo'])
    const [line] = await room.audited('user.added')
    expect(line).toMatchObject({ userName: 'demo', detail: 'administrator' })
    expect(JSON.stringify(line)).not.toContain(demo.password)
  })

  test.each([
    [{ name: '-demo' }, 'A user name has'],
    [{ name: 'de|mo' }, 'A user name has'],
    [{ password: 'short' }, 'A password has at least 8 characters.'],
  ])('refuses %j with a sentence', async (change, sentence) => {
    await expect(administrator().addUser({ ...demo, ...change })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining(sentence),
    })
  })

  test('refuses a name that is taken, in any case', async () => {
    await administrator().addUser(demo)
    const again = administrator().addUser({ ...demo, name: 'DEMO' })
    await expect(again).rejects.toMatchObject({ code: 'bad_request', message: 'There is a user "DEMO" already.' })
  })

  test('refuses a second user under single-user=1', async () => {
    await administrator(true).addUser(demo)
    await expect(administrator(true).addUser({ ...demo, name: 'second' })).rejects.toThrow('its one user is "demo"')
  })

  test('locking ends the logins of the user with the next request, and the pages hear it', async () => {
    const user = await administrator().addUser(demo)
    const logins = new BrowserLogins({ ...room, accounts, singleUser: false })
    const login = await logins.logIn({ userName: 'demo', password: demo.password, address })
    const cookie = login.kind === 'ok' ? login.cookie : ''
    expect(await logins.authenticate(cookie)).toBeDefined()
    const told: string[] = []
    room.changes.subscribe(user.id, (change) => told.push(change))
    await administrator().setLocked('demo', true)
    expect(await logins.authenticate(cookie)).toBeUndefined()
    expect(told).toEqual(['logged_out'])
    await administrator().setLocked('demo', false)
    expect(await logins.logIn({ userName: 'demo', password: demo.password, address })).toMatchObject({ kind: 'ok' })
    expect((await room.audited()).map(({ action }) => action)).toEqual(expect.arrayContaining(['user.locked', 'user.unlocked']))
  })

  test('a role holds for browsers that are logged in, with the next request, and their pages hear it', async () => {
    const user = await administrator().addUser(demo)
    const browser = await room.browserOf(user)
    const told: string[] = []
    room.changes.subscribe(user.id, (change) => told.push(change))
    const logins = new BrowserLogins({ ...room, accounts, singleUser: false })
    expect(await administrator().setRole('DEMO', { isAdmin: true })).toBe('done')
    expect((await logins.resume(browser.idHash))?.user.isAdmin).toBe(true)
    expect(told).toEqual(['rights'])
    expect(await room.audited('user.role_changed')).toMatchObject([{ userName: 'demo', detail: 'administrator' }])
    await expect(administrator().setRole('nobody', { isAdmin: true })).rejects.toThrow('There is no user "nobody".')
  })

  test('the last administrator is not demoted, locked or removed, and loses no session, unless that is meant', async () => {
    const { id } = await administrator().addUser({ ...demo, isAdmin: true })
    const session = await room.store.sessions.create({
      ...{ userName: 'demo', name: 'R', cookieHash: 'c', cookieExpiresAt: room.store.now() },
    })
    const acts = [
      (how?: { evenIfLast: boolean }) => administrator().setRole('demo', { isAdmin: false }, how),
      (how?: { evenIfLast: boolean }) => administrator().setLocked('demo', true, how),
      (how?: { evenIfLast: boolean }) => administrator().removeUser('demo', how),
    ]
    for (const act of acts) expect(await act()).toBe('last administrator')
    expect((await room.store.sessions.list()).map((each) => each.id)).toEqual([session.id])
    expect(await room.store.users.list()).toMatchObject([{ id, isAdmin: true }])
    expect((await room.audited()).map(({ action }) => action)).toEqual(['user.added'])
    for (const act of acts) expect(await act({ evenIfLast: true })).toBe('done')
    expect(await room.store.users.list()).toEqual([])
  })

  test('removing queues the revocations of integrations that have a revocation URL', async () => {
    const user = await administrator().addUser(demo)
    const box = integrationOf({ section: 'box', revocationUrl: 'https://box.example/revoke' })
    const git = integrationOf({ section: 'git' })
    await room.configure(box, git)
    for (const integration of [box, git]) {
      await room.store.tokens.create({
        userId: user.id,
        integrationId: room.catalogue.internalId(integration.uid) ?? '',
        scopesAsked: [],
        clientFingerprint: room.catalogue.fingerprintOf(integration),
        reply: { secrets: { accessToken: 'a', refreshToken: 'r' }, tokenType: 'Bearer', issuedAt: room.store.now() },
      })
    }
    await administrator().removeUser('demo')
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 2, failed: 0 })
    expect(woken).toBe(1)
    expect(await administrator().listUsers()).toEqual([])
    expect(await room.audited('user.removed')).toHaveLength(1)
  })

  test('of somebody who does not exist is refused with a sentence', async () => {
    for (const act of [administrator().setLocked('ghost', true), administrator().removeUser('ghost')]) {
      await expect(act).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('no user "ghost"') })
    }
  })
})

describe('a reload', () => {
  const box = integrationOf({ section: 'box' })

  test('applies a checked configuration, warnings included, and the pages hear it', async () => {
    const user = await room.addUser('ann')
    const told: string[] = []
    room.changes.subscribe(user.id, (change) => told.push(change))
    const warning = {
      severity: 'warning',
      file: '/etc/oauth-clients.conf',
      line: 3,
      section: 'box',
      option: 'name',
      message: 'Twice.',
    } as const
    loaded = { configuration: { ...started, integrations: [box] }, diagnostics: [warning] }
    expect(await administrator().reload()).toEqual({
      applied: true,
      findings: [{ severity: 'warning', text: '/etc/oauth-clients.conf:3: [box] name: Twice.' }],
    })
    expect(room.catalogue.all()).toEqual([box])
    expect(hashes).toEqual([room.catalogue.hash])
    expect(told).toEqual(['integrations', 'sessions'])
    expect(await room.audited('configuration.applied')).toHaveLength(1)
  })

  test('leaves everything as it is when there is an error', async () => {
    await room.configure(box)
    loaded = { diagnostics: [{ severity: 'error', file: '/etc/oauth-clients.conf', line: 9, message: 'Wrong.' }] }
    expect(await administrator().reload()).toEqual({
      applied: false,
      findings: [{ severity: 'error', text: '/etc/oauth-clients.conf:9: Wrong.' }],
    })
    expect(room.catalogue.all()).toEqual([box])
    expect(await room.audited('configuration.refused')).toHaveLength(1)
  })

  test('says what takes effect at the next start only', async () => {
    loaded = { configuration: { ...started, server: { ...started.server, wwwPort: 9443 } }, diagnostics: [] }
    const { applied, findings } = await administrator().reload()
    expect(applied).toBe(true)
    expect(findings).toMatchObject([{ severity: 'warning', text: expect.stringContaining('benchkey.conf') }])
  })
})

describe('readiness', () => {
  test('is there while the database can be written', async () => {
    await administrator().ready()
  })

  test('is gone while the audit cannot be written', async () => {
    room.audit.failing = true
    await expect(administrator().ready()).rejects.toThrow('audit')
  })
})
