import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { SetupError } from '../domain/errors.ts'
import { type LeaseHolder, type Store, StoreError } from '../store/store.ts'
import { healthOf, type KeyRingCheck } from './health.ts'

const box = integrationOf({ section: 'box', displayName: 'Box API Access', revocationUrl: 'https://box.example/revoke' })
const DAY = 24 * 60 * 60_000

let room: BrokerRoom
let checkKeyRing: KeyRingCheck
let store: Store

beforeEach(async () => {
  room = await openBrokerRoom()
  store = room.store
  checkKeyRing = () => undefined
  await room.configure(box)
})

afterEach(() => room.close())

const health = () =>
  healthOf({ ...room, store, checkKeyRing, sessionPages: { problem: undefined }, node: { holder: { incarnation: 'bk-1' } } })
const told = async () => (await health()).findings.map(({ level, about, fact }) => `${level} ${about}: ${fact}`)

async function signIn(name: string, refreshToken: string | undefined = 'r') {
  const user = await room.addUser(name)
  return await room.store.tokens.create({
    userId: user.id,
    integrationId: room.catalogue.internalId(box.uid) ?? '',
    scopesAsked: [],
    clientFingerprint: room.catalogue.fingerprintOf(box),
    reply: {
      secrets: { accessToken: 'a', ...(refreshToken === '' ? {} : { refreshToken }) },
      tokenType: 'Bearer',
      issuedAt: room.store.now(),
      ...(refreshToken === '' ? { expiresAt: new Date(room.store.now().getTime() + DAY) } : {}),
    },
  })
}

/** A token request of the row, announced and under way. */
async function requestOf(token: { id: string; generation: number }) {
  const holder: LeaseHolder = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: room.effects.bootId }
  const key = { tokenId: token.id, generation: token.generation, attempt: 'one' }
  await room.store.tokens.takeLease(token.id, holder, room.effects.monotonicMs(), 20_000, () => false)
  await room.store.tokens.beginAttempt(key, holder, room.store.now())
  return key
}

async function beat(name: string, configurationHash = 'same', version = '1.0.0'): Promise<void> {
  const holder = { nodeId: name, incarnation: name, pid: 7, startTime: '1', bootId: room.effects.bootId }
  await room.store.nodes.beat({ holder, host: name, version, startedAt: room.store.now(), configurationHash })
}

test('says why session pages are off, and what to do about it', async () => {
  const sessionPages = { problem: 'There is no account for them.', remedy: 'Add it with: useradd x' }
  const { findings, isWell } = await healthOf({
    ...room,
    ...{ store, checkKeyRing, sessionPages, node: { holder: { incarnation: 'bk-1' } } },
  })
  const action =
    'Sessions cannot be opened in browsers until it is mended and the server is started again; tokens are served as ever. Add it with: useradd x'
  expect([findings, isWell]).toMatchObject([[{ about: 'sessions', fact: sessionPages.problem, action }], true])
})

describe('the journal', () => {
  test('is told of when results wait in it for longer than a commit takes', async () => {
    const token = await signIn('ann')
    const { key, userId, integrationId } = { key: await requestOf(token), ...token }
    const reply = { secrets: { accessToken: 'a' }, tokenType: 'Bearer', issuedAt: room.store.now() }
    const { promise, resolve } = Promise.withResolvers<void>()
    const saving = room.results.save(
      await room.results.reserve(),
      { kind: 'refresh', userId, integrationId, sentAt: room.store.now(), key, reply },
      () => promise,
    )
    await expect.poll(() => room.results.waiting).toBe(1)
    room.pass(2_000)
    expect(await told()).toContain('problem journal: 1 result of token requests waits in the journal for the database.')
    resolve()
    await saving
    expect((await told()).join()).not.toContain('journal')
  })

  test('is told of when it has no room', async () => {
    room.journals.failure = 'full'
    expect(await told()).toContain('problem journal: Results of token requests could not be kept: the journal cannot be written.')
  })
})

describe('a server that is well', () => {
  test('says so, with what there is', async () => {
    await signIn('ann')
    await room.addUser('bob')
    await room.store.users.setLocked('bob', true)
    await beat('bk-1')
    expect(await health()).toMatchObject({
      isWell: true,
      findings: [],
      facts: { users: 2, lockedUsers: 1, sessions: 0, integrations: 1, signIns: 1, signInsEnded: 0, revocationsWaiting: 0 },
      nodes: [{ host: 'bk-1', pid: 7, version: '1.0.0', isLive: true, configuration: 'same' }],
    })
  })
})

describe('a server that is not well says so', () => {
  test.each([
    [
      'full',
      'The disk of the database is full: make room.',
      'The database cannot be written: the disk of the database is full: make room.',
    ],
    [
      'busy',
      'The database is locked by another process.',
      'The database cannot be written: the database is locked by another process.',
    ],
  ] as const)('of a database that is %s', async (code, words, fact) => {
    store = { ...room.store, ping: () => Promise.reject(new StoreError(code, words)) }
    const { isWell, findings, facts } = await health()
    expect({ isWell, facts: facts?.users }).toEqual({ isWell: false, facts: 0 })
    expect(findings).toMatchObject([{ level: 'problem', about: 'database', fact }])
  })

  test('of a database that cannot be read', async () => {
    const users = {
      ...room.store.users,
      list: () => Promise.reject(new StoreError('io', 'The database failed: disk I/O error.')),
    }
    store = { ...room.store, users }
    const { isWell, facts } = await health()
    expect({ isWell, facts }).toEqual({ isWell: false, facts: undefined })
    expect(await told()).toEqual(['problem database: The database cannot be read: the database failed: disk I/O error.'])
  })

  test('and hides no fault of its own', async () => {
    store = { ...room.store, sentinels: () => Promise.reject(new TypeError('a fault of Benchkey')) }
    await expect(health()).rejects.toThrow(TypeError)
  })

  test('of an audit that cannot be written, and remarks on lines that were lost', async () => {
    room.audit.lost = 3
    expect(await told()).toMatchObject([expect.stringContaining('remark audit: 3 lines of the audit were lost')])
    room.audit.failing = true
    expect(await told()).toEqual(['problem audit: The audit cannot be written.'])
    room.audit.failing = false
  })

  test('of a key ring on the disk that would not open the database', async () => {
    const asked: unknown[] = []
    checkKeyRing = (sentinels) => {
      asked.push(...sentinels)
      throw new SetupError('The key file /data/key-ring is missing.')
    }
    expect(await told()).toEqual(['problem keys: The key file /data/key-ring is missing.'])
    expect(asked).toEqual(await room.store.sentinels())
    expect(asked).toHaveLength(1)
  })

  test('of an integration that refuses its client, with who acts and how many wait', async () => {
    const { integrationId } = await signIn('ann')
    const since = room.store.now()
    const trouble = { words: 'answered 401', since, retryAt: since, configurationHash: room.catalogue.configurationHashOf(box) }
    await room.store.integrations.setTrouble(integrationId, { ...trouble, kind: 'client' })
    const { findings } = await health()
    expect(findings).toMatchObject([
      {
        level: 'problem',
        fact: expect.stringMatching(
          /^Box API Access refuses the client secret since .* UTC\. 1 user affected; their sign-ins are kept\.$/,
        ),
        action: expect.stringContaining('[box] in oauth-clients.conf, then: benchkey reload'),
      },
    ])
    await room.store.integrations.setTrouble(integrationId, { ...trouble, kind: 'connection' })
    expect((await health()).findings).toMatchObject([{ action: expect.stringContaining('Whoever runs box.example') }])
    await room.configure({ ...box, client: { ...box.client, clientId: 'another' } })
    expect(await told()).toEqual([])
  })

  test('of revocations that were given up, for a day', async () => {
    const token = await signIn('ann')
    const giveUpAt = room.store.now()
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: true, giveUpAt })
    for (let n = 0; n < 2; n += 1) {
      const { job } = await room.store.revocations.claimDue(room.store.now(), 60_000, 0)
      await room.store.revocations.reschedule(job?.id ?? '', new Date(giveUpAt.getTime() + 1), 'answered 500')
    }
    const words = 'revocations: Box API Access did not confirm the revocation of 2 tokens in time'
    expect(await told()).toEqual([expect.stringContaining(`problem ${words}`)])
    room.pass(DAY + 1000)
    expect(await told()).toEqual([expect.stringContaining(`remark ${words}`)])
  })

  test('of a node that fell silent', async () => {
    await beat('bk-2')
    room.pass(15_001)
    await beat('bk-1')
    expect(await told()).toEqual([
      expect.stringMatching(
        /^problem nodes: The server on bk-2 \(process 7\) has not been heard of since .* UTC and counts as dead\.$/,
      ),
    ])
  })

  test('and of no node while heartbeats cannot be written, nor of itself', async () => {
    await beat('bk-1')
    await beat('bk-2')
    room.pass(15_001)
    expect(await told()).toEqual([expect.stringContaining('problem nodes: The server on bk-2')])
    store = { ...room.store, ping: () => Promise.reject(new StoreError('busy', 'The database is locked by another process.')) }
    expect(await told()).toEqual([expect.stringContaining('problem database: ')])
  })

  test('of nodes that run different configurations, comparing only those of one version', async () => {
    await beat('bk-1', 'aaaaaaaabb')
    await beat('bk-2', 'cccccccccc')
    expect(await told()).toEqual([
      'problem nodes: Servers run different configurations: aaaaaaaa on bk-1 (process 7); cccccccc on bk-2 (process 7).',
    ])
    await room.store.nodes.remove('bk-2')
    await beat('bk-2', 'cccccccccc', '2.0.0')
    expect(await told()).toEqual([
      'remark nodes: Servers of different versions run: 1.0.0 on bk-1 (process 7); 2.0.0 on bk-2 (process 7).',
    ])
  })
})

test('nodes that run two versions of the history are told by their numbers', async () => {
  const versionOfHash = async (hash: string) => (hash === 'new' ? 42 : 41)
  store = { ...room.store, configuration: { ...room.store.configuration, versionOfHash } }
  await beat('bk-1', 'new')
  await beat('bk-2', 'old')
  expect(await told()).toEqual(['problem nodes: bk-2 (process 7) runs configuration 41, bk-1 (process 7) runs 42.'])
  await beat('bk-3', 'new')
  expect(await told()).toEqual(['problem nodes: bk-2 (process 7) runs configuration 41, the others 42.'])
  expect((await health()).nodes.map(({ configurationVersion }) => configurationVersion)).toEqual([42, 41, 42])
})

describe('an integration that is switched off', () => {
  test('is nobody’s trouble, whatever its service last did', async () => {
    const token = await signIn('ann', '')
    const at = room.store.now()
    await room.store.tokens.recordFailure(await requestOf(token), { words: 'answered 503', at, retryAt: at })
    const off = { ...box, isDisabled: true as const }
    await room.configure(off)
    await room.store.integrations.setTrouble(room.catalogue.internalId(box.uid) ?? '', {
      ...{ kind: 'client', words: 'answered 401', since: at, retryAt: at },
      configurationHash: room.catalogue.configurationHashOf(off),
    })
    const giveUpAt = new Date(room.store.now().getTime() + DAY)
    await room.store.tokens.queueRevocation(token, { accessToken: 'late' }, giveUpAt)
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: false, giveUpAt })
    const { job } = await room.store.revocations.claimDue(room.store.now(), 60_000, 0)
    await room.store.revocations.reschedule(job?.id ?? '', new Date(giveUpAt.getTime() + 1), 'the integration is switched off')
    expect((await health()).isWell).toBe(true)
    expect(await told()).toEqual([expect.stringMatching(/^remark revocations: Box API Access did not confirm/)])
  })
})

describe('what is nothing of the server’s own is remarked on', () => {
  test('a service that did not renew lately', async () => {
    const token = await signIn('ann')
    await signIn('bob')
    const at = room.store.now()
    await room.store.tokens.recordFailure(await requestOf(token), { words: 'answered 503', at, retryAt: at })
    expect(await told()).toEqual([
      'remark integrations: Box API Access: box.example did not renew 1 of 2 sign-ins in the last 15 minutes.',
    ])
    expect((await health()).isWell).toBe(true)
    room.pass(16 * 60_000)
    expect(await told()).toEqual([])
  })

  test('a service that gives no refresh tokens', async () => {
    await signIn('ann', '')
    await signIn('bob', '')
    await signIn('eve')
    expect(await told()).toEqual(['remark integrations: 2 of 3 sign-ins to Box API Access cannot renew: no refresh token.'])
  })

  test('not one whose tokens do not end, nor what waits for its users anyhow', async () => {
    const { userId, integrationId } = await signIn('ann')
    const signInOf = (token: { clientFingerprint: string; expiresAt?: Date }) =>
      room.store.tokens.create({
        ...{ userId, integrationId, scopesAsked: [], clientFingerprint: token.clientFingerprint },
        reply: { secrets: { accessToken: 'a' }, tokenType: 'Bearer', issuedAt: room.store.now(), ...token },
      })
    const clientFingerprint = room.catalogue.fingerprintOf(box)
    await signInOf({ clientFingerprint })
    expect(await health()).toMatchObject({ findings: [], facts: { signInsEnded: 0 } })
    await signInOf({ clientFingerprint, expiresAt: room.store.now() })
    expect(await health()).toMatchObject({ findings: [], facts: { signInsEnded: 1 } })
    await signInOf({ clientFingerprint: 'of another client', expiresAt: new Date(room.store.now().getTime() + DAY) })
    expect(await health()).toMatchObject({ findings: [], facts: { signInsEnded: 1 } })
  })

  test('sign-ins that fail because the service refuses the client, until one succeeds or somebody has changed something', async () => {
    const line = { outcome: 'failed', section: 'box', userName: 'ann' } as const
    const happens = (action: string, minutesAgo: number, detail?: string) => {
      const at = new Date(room.store.now().getTime() - minutesAgo * 60_000)
      return room.store.audit.append([{ ...line, at, action, ...(detail === undefined ? {} : { detail }) }])
    }
    await happens('sign_in.failed', 61, 'client_refused: answered invalid_client')
    await happens('sign_in.failed', 12, 'denied: access_denied')
    expect(await told()).toEqual([])
    await happens('sign_in.failed', 11.5, 'client_refused: answered invalid_client')
    await happens('sign_in.finished', 11)
    await happens('sign_in.failed', 10, 'client_refused: answered invalid_client')
    await happens('sign_in.failed', 9, 'client_refused: answered invalid_client')
    const { isWell, findings } = await health()
    expect({ isWell, findings }).toEqual({
      isWell: true,
      findings: [
        {
          level: 'remark',
          about: 'integrations',
          section: 'box',
          acts: ['test', 'open'],
          fact: expect.stringMatching(
            /^2 sign-ins to Box API Access failed, the last at .* UTC: box\.example refused the client ID or secret\.$/,
          ),
          action: 'An administrator finds out why: benchkey verify box',
        },
      ],
    })
    await happens('configuration.applied', 5)
    expect(await told()).toEqual([])
    await happens('sign_in.failed', 4, 'client_refused: answered invalid_client')
    expect(await told()).toHaveLength(1)
    await happens('sign_in.finished', 3)
    expect(await told()).toEqual([])
  })

  test('an answer that was not understood: where it came from, and what to correct, not what it holds', async () => {
    const token = await signIn('ann')
    const key = await requestOf(token)
    const answer = { status: 200, contentType: 'text/plain', body: Buffer.from('the-only-live-token').toString('base64') }
    await room.store.unreadReplies.keep(key, answer, room.store.now())
    await room.store.unreadReplies.keep({ ...key, attempt: 'two' }, answer, room.store.now())
    const { isWell, findings } = await health()
    expect({ isWell, findings }).toEqual({
      isWell: true,
      findings: [
        {
          level: 'remark',
          about: 'integrations',
          section: 'box',
          acts: ['open'],
          fact: 'Box API Access: what box.example answered to renewals of 1 sign-in was not understood; it is kept for 7 days and may hold the only live tokens.',
          action:
            'An administrator corrects the options that end in -path of [box] in oauth-clients.conf, then: benchkey reload; it is read again at that.',
        },
      ],
    })
    await room.configure({ ...box, isDisabled: true })
    expect(await told()).toEqual([])
  })

  test('a service that has turned to the next client secret, with the line that is to be changed', async () => {
    const next = { ...box, client: { ...box.client, nextClientSecret: 'n' }, secretLines: { first: 3, next: 4 } }
    await room.configure(next)
    const [, sent = next] = room.clientSecrets.inOrder(next)
    room.clientSecrets.learn(next, sent, true)
    const { isWell, findings } = await health()
    expect({ isWell, findings }).toEqual({
      isWell: true,
      findings: [
        {
          level: 'remark',
          about: 'integrations',
          section: 'box',
          acts: ['open'],
          fact: 'Box API Access: box.example refuses the client secret and accepts the next one, so nobody notices.',
          action:
            'An administrator writes the next client secret as client-secret now, in [box] (oauth-clients.conf:4), then: benchkey reload',
        },
      ],
    })
    await room.configure({ ...next, client: { ...next.client, clientSecret: 'n', nextClientSecret: 'm' } })
    expect(await told()).toEqual([])
  })

  test.each([
    [30, 'remark', 'ends in 30 days'],
    [7, 'problem', 'ends in 7 days'],
    [1, 'problem', 'ends within a day'],
    [0, 'problem', 'ended'],
  ])('a client secret that ends in %i days is a %s', async (days, level, words) => {
    await signIn('ann')
    const clientSecretExpires = new Date(room.store.now().getTime() + days * DAY - 1)
    await room.configure({ ...box, clientSecretExpires, secretLines: { first: 3, expires: 5 } })
    const { findings } = await health()
    expect(findings).toMatchObject([{ level, fact: expect.stringContaining(`Box API Access: the client secret ${words}`) }])
    expect(findings).toMatchObject([{ fact: expect.stringContaining('; 1 sign-in stands on it.') }])
    expect(findings).toMatchObject([
      { action: expect.stringMatching(/in \[box\] \(oauth-clients.conf:5\): get a new one from the service/) },
    ])
    await room.configure({ ...box, clientSecretExpires, client: { ...box.client, nextClientSecret: 'n' } })
    expect((await health()).findings).toMatchObject([
      { level: 'remark', action: expect.stringContaining('make the one in client-secret-next') },
    ])
  })

  test('not sign-ins that wait for their users: those are counted', async () => {
    const token = await signIn('ann')
    await room.store.tokens.requireSignIn(await requestOf(token), { reason: 'refused', at: room.store.now() })
    expect(await health()).toMatchObject({ isWell: true, findings: [], facts: { signIns: 1, signInsEnded: 1 } })
  })
})
