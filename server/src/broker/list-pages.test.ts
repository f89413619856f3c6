import { describe, expect, test } from 'vitest'
import { pageOf } from './list-pages.ts'

const rows = Array.from({ length: 250 }, (_, n) => ({
  name: `user-${String(n).padStart(3, '0')}`,
  role: n === 7 ? 'administrator' : '',
}))
const words = {
  keyOf: (row: { name: string }) => row.name,
  textsOf: (row: { name: string; role: string }) => [row.name, row.role],
}

describe('a list by page', () => {
  test('has every row once, whatever their order in the database, and says how many there are', () => {
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = pageOf(rows.toReversed(), after === undefined ? {} : { after }, words)
      expect([page.total, page.found]).toEqual([250, 250])
      seen.push(...page.rows.map(({ name }) => name))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(rows.map(({ name }) => name))
  })

  test('goes on behind a row that is gone by now, and leaves none out', () => {
    const { next } = pageOf(rows, {}, words)
    const left = rows.filter(({ name }) => name !== next && name !== 'user-003')
    expect(pageOf(left, { after: next ?? '' }, words).rows[0]?.name).toBe('user-100')
  })

  test('holds what has every word of the filter, in any case', () => {
    expect(pageOf(rows, { filter: ' ADMIN user-0 ' }, words)).toEqual({ rows: [rows[7]], total: 250, found: 1 })
    expect(pageOf(rows, { filter: 'nobody' }, words)).toEqual({ rows: [], total: 250, found: 0 })
  })

  test('may begin with the newest', () => {
    const { rows: first, next } = pageOf(rows, {}, { ...words, isNewestFirst: true })
    expect([first[0]?.name, next]).toEqual(['user-249', 'user-150'])
    expect(pageOf(rows, { after: 'user-150' }, { ...words, isNewestFirst: true }).rows[0]?.name).toBe('user-149')
  })
})
