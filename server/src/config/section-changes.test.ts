import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guidOfSection } from './guid.ts'
import { decide, mergeChanges, type SectionChange, sectionsOf } from './section-changes.ts'
import { withEdit } from './section-edits.ts'

const merged = (text: string, changes: readonly SectionChange[], secrets: [string, string][] = []) => {
  const { bytes, conflicts } = mergeChanges(Buffer.from(text), changes, new Map(secrets))
  return { text: bytes.toString(), conflicts }
}

/** The change that a form filled from `text` makes. */
function edited(text: string, header: string, options: Record<string, string | null>, section = header): SectionChange {
  const seen = { header, options: sectionsOf(Buffer.from(text)).get(header) ?? new Map() }
  const change = withEdit(undefined, { section, options }, seen)
  if (!change) throw new Error('nothing was changed')
  return change
}

const FILE = '[a]\nname=A\nscopes=x\n\n[b]\nname=B\n'

describe('changes of a file that others change meanwhile', () => {
  const option = fc.constantFrom('name', 'scopes', 'description', 'audience')
  const value = fc.constantFrom('1', '2', '3', null)
  const edit = fc.dictionary(option, value, { maxKeys: 4 })

  test('lose no edit of anybody: what only one changed is so, what both changed is told with both sides', () => {
    fc.assert(
      fc.property(edit, edit, (mine, theirs) => {
        const now = sectionsOf(Buffer.from(FILE)).get('a')
        const touched = Object.entries(mine).filter(([name, text]) => text !== (now?.get(name) ?? null))
        const others = merged(FILE, Object.keys(theirs).length === 0 ? [] : maybe(FILE, theirs)).text
        const { text, conflicts } = merged(others, maybe(FILE, mine))
        const [after, before] = [sectionsOf(Buffer.from(text)).get('a'), sectionsOf(Buffer.from(others)).get('a')]
        for (const [name, wanted] of touched) {
          expect(after?.get(name) ?? null).toBe(wanted)
          const there = before?.get(name) ?? null
          const isTold = conflicts.some((each) => each.option === name && each.yours === wanted && each.theirs === there)
          expect(isTold).toBe(there !== (now?.get(name) ?? null) && there !== wanted)
        }
        const names = new Set(touched.map(([name]) => name))
        for (const [name, text2] of before ?? []) if (!names.has(name)) expect(after?.get(name)).toBe(text2)
      }),
      { numRuns: 1000 },
    )
  })

  function maybe(text: string, options: Record<string, string | null>): SectionChange[] {
    const seen = { header: 'a', options: sectionsOf(Buffer.from(text)).get('a') ?? new Map() }
    const change = withEdit(undefined, { section: 'a', options }, seen)
    return change ? [change] : []
  }

  test('of a section that is gone, or that only one of two removed, are decided as a whole', () => {
    const change = edited(FILE, 'a', { scopes: 'y' })
    const without = merged(FILE, [{ of: 'a', section: 'a', isRemoved: true, options: [], before: change.before }]).text
    expect(without).toBe('[b]\nname=B\n')
    expect(merged(without, [change]).conflicts).toEqual([{ section: 'a', yours: '[a]', theirs: null }])
    const kept = decide(change, { keep: 'yours' }, Buffer.from(without))
    expect(merged(without, kept ? [kept] : [])).toEqual({ text: '[b]\nname=B\n\n[a]\nname=A\nscopes=y\n', conflicts: [] })
    expect(decide(change, { keep: 'theirs' }, Buffer.from(without))).toBeUndefined()
    const removal: SectionChange = { of: 'a', section: 'a', isRemoved: true, options: [], before: change.before }
    const others = FILE.replace('scopes=x', 'scopes=z')
    expect(merged(others, [removal]).conflicts).toEqual([{ section: 'a', yours: null, theirs: '[a]' }])
    const insisted = decide(removal, { keep: 'yours' }, Buffer.from(others))
    expect(merged(others, insisted ? [insisted] : [])).toEqual({ text: '[b]\nname=B\n', conflicts: [] })
  })

  test('of a section that both added are decided as a whole', () => {
    const mine: SectionChange = { section: 'n', options: [{ name: 'name', value: 'mine', was: null }], before: [] }
    const others = `${FILE}\n[n]\nname=theirs\naudience=x\n`
    expect(merged(others, [mine]).conflicts).toEqual([{ section: 'n', yours: '[n]', theirs: '[n]' }])
    const kept = decide(mine, { keep: 'yours' }, Buffer.from(others))
    expect(merged(others, kept ? [kept] : [])).toEqual({ text: `${FILE}\n[n]\nname=mine\n`, conflicts: [] })
  })

  test('keep the Integration ID of a section with another header, there and back', () => {
    const renamed = merged(FILE, [edited(FILE, 'a', {}, 'c')]).text
    expect(renamed).toBe('[c]\nname=A\nscopes=x\nprevious-names=a\n\n[b]\nname=B\n')
    const again = merged(renamed, [edited(renamed, 'c', {}, 'd')]).text
    expect(again).toContain('previous-names=a, c\n')
    const back = merged(again, [edited(again, 'd', {}, 'a')]).text
    expect(back).toContain(`[a]\nname=A\nscopes=x\nprevious-names=c, d\nguid=${guidOfSection('a')}\n`)
  })

  test('put a typed secret in the place of the one in a file, unless it is that', () => {
    const text = '[a]\nclient-secret-file=secrets/a\n'
    const change = edited(text, 'a', { 'client-secret': 'typed' })
    expect(merged(text, [change], [['secrets/a', 'typed']]).text).toBe(text)
    expect(merged(text, [change], [['secrets/a', 'typEd']]).text).toBe('[a]\nclient-secret=typed\n')
  })
})
