import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { AuditEvent } from '../store/store.ts'
import { AuditLog, type ServedToken } from './audit-log.ts'

let room: BrokerRoom
beforeEach(async () => {
  room = await openBrokerRoom()
})
afterEach(() => room.close())

async function servedTo(name: string): Promise<ServedToken> {
  const { id } = await room.addUser(name)
  const use = { sessionId: `session of ${name}`, sessionName: 'Rscript', section: 'box', fingerprint: '00112233aabbccdd' }
  return { userId: id, ...use, address: '192.0.2.1' }
}

describe('the audit', () => {
  test('groups hand-outs by session, integration, token and address, with their count', async () => {
    const [ann, bob] = [await servedTo('ann'), await servedTo('bob')]
    for (let i = 0; i < 1240; i += 1) room.audit.noteServed(ann)
    room.audit.noteServed(bob)
    room.audit.noteServed({ ...ann, fingerprint: 'ffffffffffffffff' })
    room.audit.noteServed({ ...ann, address: '192.0.2.2' })
    const events = await room.audited('token.served')
    expect(events.map(({ userName, fingerprint, address, count }) => [userName, fingerprint, address, count])).toEqual([
      ['ann', '00112233aabbccdd', '192.0.2.1', 1240],
      ['bob', '00112233aabbccdd', '192.0.2.1', 1],
      ['ann', 'ffffffffffffffff', '192.0.2.1', 1],
      ['ann', '00112233aabbccdd', '192.0.2.2', 1],
    ])
    expect(await room.audited('token.served')).toHaveLength(4)
  })

  test('writes grouped use once a second by itself', async () => {
    room.audit.start()
    room.audit.noteServed(await servedTo('ann'))
    room.pass(1000)
    await expect.poll(() => room.store.audit.list({ limit: 10 })).toHaveLength(1)
  })

  test('that cannot be written fails nothing, says so, and catches up in order', async () => {
    let broken = true
    const append = async (events: readonly AuditEvent[]): Promise<void> => {
      if (broken) throw new Error('a secret in a foreign message')
      await room.store.audit.append(events)
    }
    const audit = new AuditLog({ ...room, store: { ...room.store, audit: { ...room.store.audit, append } } })
    await audit.record({ action: 'first', outcome: 'ok' })
    await audit.record({ action: 'second', outcome: 'ok' })
    expect(audit.failing).toBe(true)
    expect(room.logged).toHaveLength(1)
    expect(room.logged[0]).not.toContain('secret')
    broken = false
    await audit.record({ action: 'third', outcome: 'ok' })
    await audit.flush()
    expect(audit.failing).toBe(false)
    expect((await room.audited()).map(({ action }) => action)).toEqual(['first', 'second', 'third'])
    expect(audit.lost).toBe(0)
  })

  test('keeps at most 20,000 lines while it cannot write, the newest, and counts the rest', async () => {
    const append = (): Promise<void> => Promise.reject(new Error('full'))
    const audit = new AuditLog({ ...room, store: { ...room.store, audit: { ...room.store.audit, append } } })
    await Promise.all(Array.from({ length: 20_100 }, (_, i) => audit.record({ action: `event-${i}`, outcome: 'ok' })))
    expect(audit.lost).toBe(100)
  })

  test('writes what waits when it closes', async () => {
    room.audit.noteServed(await servedTo('ann'))
    await room.audit.close()
    expect(await room.store.audit.list({ limit: 10 })).toHaveLength(1)
  })
})
