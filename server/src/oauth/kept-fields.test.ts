import { describe, expect, test } from 'vitest'
import { keptFields } from './kept-fields.ts'

const named = (...names: string[]) => names.map((name) => ({ name, pointer: name.split('.') }))
const keep = (reply: unknown, names: readonly string[], secrets: readonly (string | undefined)[] = []) =>
  keptFields(reply, named(...names), secrets)

describe('the data that is kept of a reply', () => {
  test('is what the allow-list names and what is there, plain values only', () => {
    const reply = { site: 'https://x.example', team: { id: 7 }, isPaid: false, other: 'x', list: [1], none: null }
    expect(keep(reply, ['site', 'team.id', 'isPaid', 'list', 'team', 'none', 'absent'])).toEqual({
      extra: { site: 'https://x.example', 'team.id': 7, isPaid: false },
      leftOut: ['list', 'team'],
    })
  })

  test('never holds a secret of the reply, by whatever name it goes', () => {
    const reply = { a: 'the-refresh-token', b: 'https://x.example/?t=the-refresh-token', c: 12345678, d: 'fine', e: '' }
    expect(keep(reply, ['a', 'b', 'c', 'd', 'e'], ['the-refresh-token', '12345678', undefined, ''])).toEqual({
      extra: { d: 'fine', e: '' },
      leftOut: ['a', 'b', 'c'],
    })
  })

  test('is bounded, each and all together', () => {
    expect(keep({ a: 'x'.repeat(2048), b: 'x'.repeat(2049) }, ['a', 'b']).leftOut).toEqual(['b'])
    const three = { a: 'x'.repeat(2000), b: 'ü'.repeat(1000), c: 'x'.repeat(100), d: 'x' }
    const { extra, leftOut } = keep(three, ['a', 'b', 'c', 'd'])
    expect([Object.keys(extra), leftOut]).toEqual([['a', 'b', 'd'], ['c']])
  })

  test('is nothing of a prototype', () => {
    const fields = [
      { name: 'x', pointer: ['__proto__', 'polluted'] },
      { name: 'y', pointer: ['constructor', 'name'] },
    ]
    expect(keptFields(JSON.parse('{"a":1}'), fields, [])).toEqual({ extra: {}, leftOut: [] })
  })
})
