import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPromises } from '../../scripts/threat-model.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8')

/** Whether the file has a test of exactly this title, as it is written there. */
function hasTest(source: string, title: string): boolean {
  const literals = [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``]
  return literals.some((literal) => new RegExp(`\\(\\s*${literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')},`).test(source))
}

describe('the threat model', () => {
  const all = readPromises(read('docs/threat-model.md'))

  it('has promises under every heading of the security bar', () => {
    const counts = new Map<string, number>()
    for (const { heading } of all) counts.set(heading, (counts.get(heading) ?? 0) + 1)
    expect([...counts.keys()]).toEqual([
      'Authorization request',
      'Callback',
      'Token endpoint',
      'Web',
      'Host',
      'Sessions',
      'Administrators',
    ])
    for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(4)
  })

  it('names at least one test for every promise, and each of them exists', () => {
    expect(all.filter(({ tests }) => tests.length === 0).map(({ line }) => line)).toEqual([])
    const named = all.flatMap(({ tests }) => tests)
    expect(named.filter(({ file, title }) => !hasTest(read(file), title))).toEqual([])
  })

  it('would notice a test that is renamed or gone', () => {
    const source = `it.each(ROWS)('is %s, and "so"', () => 0)\ntest("one's own", () => 0)\n// test('only told of')`
    expect(hasTest(source, 'is %s, and "so"')).toBe(true)
    expect(hasTest(source, "one's own")).toBe(true)
    expect(hasTest(source, 'is %s')).toBe(false)
    expect(hasTest(source, 'only told of')).toBe(false)
  })
})
