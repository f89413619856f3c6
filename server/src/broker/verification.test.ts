import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { BrokerError } from '../domain/errors.ts'
import type { Verification } from '../domain/verification.ts'
import type { Probed, Probes } from '../oauth/probes.ts'
import type { Verifications } from './broker-of-verification.ts'
import { createVerifications } from './verification.ts'

const MINUTE_MS = 60_000
/** In this time one more is allowed. */
const EVERY_MS = 10_000

let room: BrokerRoom
let verifications: Verifications
/** The integrations that were looked at, with the signal of each. */
let looked: Probed[]
/** Everything after the connections waits for this, or for the abort. */
let answered: PromiseWithResolvers<void>

beforeEach(async () => {
  room = await openBrokerRoom()
  looked = []
  answered = Promise.withResolvers<void>()
  const waiting = async ({ signal }: Probed): Promise<void> => {
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([answered.promise, gone])
  }
  const answer = { outcome: { kind: 'grant_refused', error: 'invalid_grant', words: 'answered invalid_grant' } } as const
  const probes: Probes = {
    connection: async (_url, probed) => {
      if (!looked.includes(probed)) looked.push(probed)
      return { route: { kind: 'direct', why: 'no proxy is configured' }, certificates: [] }
    },
    authorization: async (probed) => {
      await waiting(probed)
      return { reply: { reading: 'answers', words: 'answered 200', likeness: '' }, redirectUri: 'accepted' }
    },
    metadata: async () => undefined,
    client: async () => ({ kind: 'right', answer: { ...answer, receivedAt: room.effects.now(), likeness: '' } }),
  }
  const box = integrationOf({ section: 'box', displayName: 'Box' })
  await room.configure(box, integrationOf({ section: 'off', isDisabled: true }))
  const holder = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: 'b' }
  verifications = createVerifications({
    ...{ ...room, probes, callbackAddress: room.publicUrl },
    readOptionLines: async () => ({ sections: new Map(), server: new Map() }),
    draftIntegration: async (_userName, section) =>
      section.startsWith('box')
        ? { integration: { ...box, section } }
        : { refusal: 'Type the client secret again: the token URL changed.' },
    askOwnAddress: async () => ({ certificates: [], failure: { cause: 'network', words: 'refused the connection', code: '' } }),
    node: { holder, isDead: () => false, host: 'h', version: '1' },
  })
})

afterEach(async () => {
  answered.resolve()
  await room.close()
})

const stays = (): AbortSignal => new AbortController().signal
const begin = (left = stays()): Promise<Verification> => verifications.integration('box', { left })
const begun = (count = 1) => expect.poll(() => looked.length).toBe(count)
const refusalOf = (verification: Promise<Verification>): Promise<BrokerError> =>
  verification.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => (error instanceof BrokerError ? error : Promise.reject(error)),
  )

describe('a verification', () => {
  test('is counted by client, too: other headers above it do not ask its service more often', async () => {
    answered.resolve()
    const words: string[] = []
    for (let n = 0; n < 22; n += 1) {
      const test = verifications.draft(`box-${n}`, { userName: 'ann', left: stays() })
      words.push(
        await test.then(
          ({ name }) => name,
          (error: unknown) => (error instanceof Error ? error.message : ''),
        ),
      )
    }
    expect(words.slice(0, 20)).toEqual(Array(20).fill('Box'))
    expect(words[20]).toBe('Box was tested often just now. Try again in 10 s.')
  })

  test('is one of a few at a time', async () => {
    const open = Array.from({ length: 8 }, (_, n) => verifications.draft(`box-${n}`, { userName: 'ann', left: stays() }))
    await begun(8)
    const refused = await refusalOf(verifications.draft('box', { userName: 'ann', left: stays() }))
    expect(refused.message).toBe('Several are being tested already. Wait for one to end.')
    answered.resolve()
    await Promise.all(open)
  })

  test('is one at a time for each integration', async () => {
    const first = begin()
    await begun()
    expect((await refusalOf(begin())).message).toBe('Box is being tested already. Wait for that to end.')
    answered.resolve()
    expect(await first).toMatchObject({ section: 'box', name: 'Box', isWell: true })
    expect(await begin()).toMatchObject({ isWell: true })
  })

  test('ends after a minute, and what was not looked at by then is not judged', async () => {
    const slow = begin()
    await begun()
    room.pass(MINUTE_MS)
    const { isWell, checks } = await slow
    expect(isWell).toBe(false)
    expect([...new Set(checks.map(({ id }) => id))]).toEqual(['connection', 'time'])
    expect(checks.at(-1)?.fact).toBe('Not all of [Box] could be looked at within 60 seconds.')
  })

  test('ends when whoever asked goes away, without a line that claims anything', async () => {
    const left = new AbortController()
    const verification = begin(left.signal)
    await begun()
    left.abort(new Error('gone'))
    await expect(verification).rejects.toThrow('gone')
    expect(looked[0]?.signal.aborted).toBe(true)
    expect(await room.audited('integration.tested')).toEqual([])
  })

  test('is refused for a while when it was done too often just now', async () => {
    answered.resolve()
    for (let n = 0; n < 6; n += 1) await begin()
    const { message, details } = await refusalOf(begin())
    expect(message).toMatch(/^Box was tested often just now\. Try again in \d+ s\.$/)
    room.pass((details.retryAfterSeconds ?? 0) * 1000 + EVERY_MS)
    expect(await begin()).toMatchObject({ isWell: true })
  })

  test('stands in the audit with who asked', async () => {
    answered.resolve()
    await verifications.draft('box', { left: stays(), userName: 'root', address: '192.0.2.1' })
    expect(await room.audited('integration.tested')).toMatchObject([
      { userName: 'root', address: '192.0.2.1', section: 'box', outcome: 'ok', detail: 'nothing failed' },
    ])
  })

  test('of a draft whose secret has to be typed again sends nothing', async () => {
    const { message } = await refusalOf(verifications.draft('moved', { left: stays(), userName: 'root' }))
    expect(message).toBe('Type the client secret again: the token URL changed.')
    expect(looked).toEqual([])
  })

  test('of the server tells its public URL and the redirect URI, also when it is not reached', async () => {
    const { checks } = await verifications.server({ left: stays() })
    expect(checks.map(({ id, outcome, place }) => [id, outcome, place])).toEqual([
      ['public-url', 'warning', 'benchkey.conf'],
      ['redirect-uri', 'ok', undefined],
    ])
  })
})

describe('what there is to verify', () => {
  test('is the server and what is switched on, or what is named', () => {
    expect(verifications.targets([])).toEqual([{ name: 'This server' }, { section: 'box', name: 'Box' }])
    expect(verifications.targets(['BOX', 'box', 'off']).map(({ section }) => section)).toEqual(['box', 'off'])
    expect(() => verifications.targets(['boxx'])).toThrow('There is no integration "boxx"; the nearest one is "box".')
    const other = 'There is no integration "salesforce". Without a name all are looked at: benchkey verify'
    expect(() => verifications.targets(['salesforce'])).toThrow(other)
  })
})
