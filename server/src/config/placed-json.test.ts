import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonTrouble, type Placed, parsePlacedJson } from './placed-json.ts'

function plain({ value }: Placed): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]: [string, Placed]) => [name, plain(each)]))
  return Array.isArray(value) ? value.map((each: Placed) => plain(each)) : value
}

function troubleOf(text: string): string {
  try {
    parsePlacedJson(text)
  } catch (error) {
    if (error instanceof JsonTrouble) return `${error.line}:${error.column} ${error.message}`
    throw error
  }
  throw new Error('It was read.')
}

describe('JSON with places', () => {
  test('reads what JSON.parse reads', () => {
    // An object of JSON.parse with a member __proto__ is no plain one, so it is left out.
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!text.includes('__proto__'))
        expect(plain(parsePlacedJson(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  test('reads what Python prints of the same values', () => {
    const printed = `[{'name': 'lab', "display_name": "Ada's \\"lab\\"", 'a': 'it\\'s', 'b': True, 'c': None, 'd': '\\xe9\\U0001f600', 'e': []}]\n`
    expect(plain(parsePlacedJson(printed))).toEqual([
      { name: 'lab', display_name: 'Ada\'s "lab"', a: "it's", b: true, c: null, d: 'é😀', e: [] },
    ])
  })

  test('says where a value starts', () => {
    const list = parsePlacedJson('[\n  1,\r\n  "x"]').value
    expect(list).toMatchObject([
      { line: 2, column: 3 },
      { line: 3, column: 3 },
    ])
  })

  test.each([
    ['', '1:1 the file ends too early'],
    ['[{"a": 1}', '1:10 the file ends too early'],
    ['[1 2]', '1:4 a comma or ] is expected'],
    ['[\n{"a" 1}]', '2:6 a colon is expected'],
    ['{a: 1}', '1:2 a name in quotes is expected'],
    ['["lab]\n', '1:2 the text that starts here has no end'],
    ['[1,]', '1:4 a value is expected'],
    ['[01x]', '1:2 a value is expected'],
    ['["\\q"]', '1:4 the backslash before this stands for nothing'],
    ['["\\u12"]', '1:4 the backslash before this stands for nothing'],
    ['["\\Uffffffff"]', '1:4 the backslash before this stands for nothing'],
    ['[] []', '1:4 something follows the list, and nothing may'],
    ['{"a": 1,\n "a": 2}', '2:2 this name stands twice in its object'],
    ['['.repeat(100_000), '1:66 the lists are nested too deep'],
  ])('says where %j stops being JSON', (text, words) => expect(troubleOf(text)).toBe(words))
})
