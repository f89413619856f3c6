import { describe, expect, it } from 'vitest'
import { fileMark } from '../src/config/masked-text.ts'
import type { NewVersion } from '../src/store/store-of-configuration.ts'
import type { SuiteRoom } from './operations-suite.ts'

const MINUTE = 60_000

function version(text: string, by?: string): NewVersion {
  const content = Buffer.from(text)
  return { content, contentHash: fileMark(content), summary: 'changed lab', ...(by === undefined ? {} : { by }) }
}

/** Versions of the configuration, drafts, and what the nodes answer. */
export function configurationSuite(room: () => SuiteRoom): void {
  const of = () => room().store.configuration
  const loaded = (text: string, isOld = false) => of().inForce({ ...version(text), configurationHash: `of ${text}`, isOld })

  describe('versions of the configuration', () => {
    it('are kept whole, and are found by their number, their mark and the hash of their integrations', async () => {
      expect(await of().newest()).toBeUndefined()
      expect(await loaded('[a]\r\nclient-secret=ü\n')).toMatchObject({ number: 1, summary: 'changed lab' })
      expect(await loaded('[a]\r\nclient-secret=ü\n')).toMatchObject({ number: 1 })
      expect(await loaded('b')).toMatchObject({ number: 2 })
      expect((await of().content(1))?.toString()).toBe('[a]\r\nclient-secret=ü\n')
      expect(await of().versionOfHash('of b')).toBe(2)
      expect(await of().versionOfHash('of c')).toBeUndefined()
      expect((await of().versions()).map(({ number }) => number)).toEqual([2, 1])
    })

    it('of a deploy count when it is confirmed, by whoever loads the file at the latest', async () => {
      await loaded('a')
      expect(await of().announce(version('b', 'ann'), 'one', MINUTE)).toBe(2)
      expect(await of().announce(version('c', 'ben'), 'two', MINUTE)).toBeUndefined()
      expect((await of().newest())?.number).toBe(1)
      await of().withdraw(2, 'one')
      expect(await of().announce(version('c', 'ben'), 'two', MINUTE)).toBe(2)
      await of().confirm(2, 'two')
      expect(await of().newest()).toMatchObject({ number: 2, by: 'ben' })
      expect(await of().announce(version('d', 'ann'), 'dies', MINUTE)).toBe(3)
      expect(await loaded('d')).toMatchObject({ number: 3, by: 'ann' })
      room().clock.pass(MINUTE + 1)
      expect(await of().announce(version('e', 'ben'), 'two', MINUTE)).toBe(4)
    })

    it('are not made of files that a node is behind with', async () => {
      await loaded('a')
      await loaded('b')
      expect(await loaded('a', true)).toMatchObject({ number: 1 })
      expect((await of().versions()).map(({ number }) => number)).toEqual([2, 1])
    })

    it('that were in force nowhere are kept before the one that is, which stays that', async () => {
      await loaded('a')
      const found = { contentHash: fileMark(Buffer.from('x')), content: Buffer.from('x'), summary: 'by hand' }
      expect(await of().announce(version('b', 'ann'), 'one', MINUTE)).toBe(2)
      expect(await of().keepBeside(found)).toBeUndefined()
      await of().confirm(2, 'one')
      expect(await of().keepBeside(found)).toEqual({ found: 3, inForce: 4 })
      expect(await of().newest()).toMatchObject({ number: 4, by: 'ann', rolledBackTo: 2, contentHash: version('b').contentHash })
      expect([(await of().content(3))?.toString(), (await of().content(4))?.toString()]).toEqual(['x', 'b'])
      expect(await loaded('b')).toMatchObject({ number: 4 })
    })

    it('go when 200 are newer', async () => {
      for (let n = 1; n <= 203; n += 1) await loaded(`file ${n}`)
      expect((await of().versions()).map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, index) => 203 - index))
    })
  })

  describe('drafts', () => {
    it('belong to their administrator, and the quicker of two windows wins', async () => {
      const { ann, store } = room()
      const bob = await store.users.create({ name: 'bob of drafts', passwordHash: 'x', isAdmin: true })
      expect(await of().draft(ann.id)).toBeUndefined()
      expect(await of().saveDraft(ann.id, undefined, 'first')).toBe(true)
      expect(await of().saveDraft(ann.id, undefined, 'lost')).toBe(false)
      expect(await of().draft(ann.id)).toEqual({ revision: 1, text: 'first' })
      expect(await of().draft(bob.id)).toBeUndefined()
      expect(await of().saveDraft(ann.id, 1, 'second')).toBe(true)
      expect(await of().saveDraft(ann.id, 1, 'lost')).toBe(false)
      expect(await of().removeDraft(ann.id, 1)).toBe(false)
      room().clock.pass(MINUTE)
      expect(await of().removeDraftsBefore(room().clock.at(-2 * MINUTE))).toBe(0)
      expect(await of().removeDraftsBefore(room().clock.at(0))).toBe(1)
      expect(await of().draft(ann.id)).toBeUndefined()
    })
  })

  describe('a reload of all nodes', () => {
    it('has a number, and those nodes answer that live', async () => {
      const before = await of().reloadNumber()
      expect(await of().askForReload()).toBe(before + 1)
      expect(await of().reloadNumber()).toBe(before + 1)
      const files = { place: '/etc', contentHash: 'x', reloadNumber: before + 1 }
      await of().answer({ ...files, incarnation: 'n-1', refusal: 'file:1: no' })
      await of().answer({ ...files, incarnation: 'gone' })
      await room().store.nodes.beat({
        holder: { nodeId: 'n', incarnation: 'n-1', pid: 100, startTime: '7', bootId: 'boot-1' },
        ...{ host: 'n', version: '1', startedAt: room().clock.at(0), configurationHash: 'h' },
      })
      expect(await of().nodeFiles()).toMatchObject([{ ...files, incarnation: 'n-1', refusal: 'file:1: no' }])
      await of().answer({ ...files, incarnation: 'n-1' })
      expect((await of().nodeFiles())[0]).not.toHaveProperty('refusal')
    })
  })
}
