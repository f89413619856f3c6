import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseIni, printIni, readIni, removeOption, setValue } from './ini.ts'
import { addSection, removeSection, renameSection } from './ini-sections.ts'

const parse = (text: string) => parseIni(Buffer.from(text))
const print = (document: ReturnType<typeof parse>) => printIni(document).toString()

const FILE = `# the integrations of the lab
[box]
client-id=1
# scopes of box
scopes=read

# ---- inside the house ----

# about lab
; and more
[lab]
client-id=2
#client-secret=old

[last]
client-id=3
`

type Edit = { readonly name: string } & (
  | { readonly kind: 'set'; readonly option: string; readonly value: string }
  | { readonly kind: 'add'; readonly option: string; readonly value: string }
  | { readonly kind: 'unset'; readonly option: string }
  | { readonly kind: 'remove' }
  | { readonly kind: 'rename'; readonly to: string }
)

describe('sections of a file', () => {
  test('are added at the end, after one blank line', () => {
    expect(print(addSection(parse('[a]\nx=1'), 'b', [['y', '2']]))).toBe('[a]\nx=1\n\n[b]\ny=2\n')
    expect(print(addSection(parse('[a]\r\nx=1\r\n\r\n'), 'b', [['y', '2']]))).toBe('[a]\r\nx=1\r\n\r\n[b]\r\ny=2\r\n')
    expect(print(addSection(parse(''), 'b', []))).toBe('[b]\n')
  })

  test('go with the comments that belong to them, and with no others', () => {
    expect(print(removeSection(parse(FILE), 'box'))).toBe(FILE.replace(/\[box\][\s\S]*?(?=# ----)/, ''))
    expect(print(removeSection(parse(FILE), 'lab'))).toBe(FILE.replace(/# about lab[\s\S]*?(?=\[last\])/, ''))
    expect(print(removeSection(parse(FILE), 'last'))).toBe(FILE.replace(/\n\[last\][\s\S]*/, ''))
    expect(print(removeSection(parse('[a]\nx=1\n# of b\n[b]\ny=2\n'), 'a'))).toBe('# of b\n[b]\ny=2\n')
    expect(print(removeSection(parse('[a]\nx=1\n[b]\ny=2\n[a]\nz=3\n'), 'a'))).toBe('[b]\ny=2\n')
  })

  test('are renamed in their header alone', () => {
    expect(print(renameSection(parse('[a]\r\n  [ box ]  \r\nx=box\r\n'), 'box', 'b.2'))).toBe('[a]\r\n  [ b.2 ]  \r\nx=box\r\n')
  })

  test('take no header and no value that could not be read back', () => {
    for (const name of ['a\nb', 'a\u0000', ' a', 'a\t', '\ud800']) {
      expect(() => addSection(parse(''), name, [])).toThrow(RangeError)
      expect(() => renameSection(parse('[a]\n'), 'a', name)).toThrow(RangeError)
    }
    expect(() => addSection(parse(''), 'a', [['x', 'a\nb=1']])).toThrow(RangeError)
  })

  const name = fc.constantFrom('a', 'b', 'c', 'new')
  const option = fc.constantFrom('x', 'y', 'z')
  const value = fc.constantFrom('1', '', 'a=b;#', 'ü😀')
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), name, option, value }),
    fc.record({ kind: fc.constant('unset' as const), name, option }),
    fc.record({ kind: fc.constant('add' as const), name: fc.constant('new'), option, value }),
    fc.record({ kind: fc.constant('remove' as const), name }),
    fc.record({ kind: fc.constant('rename' as const), name, to: fc.constantFrom('d', 'e f', 'ü') }),
  )
  const line = fc.constantFrom('[a]', '[b]', '[c]', '# one', '; two', 'x=1', ' y = 2 ', 'z=', '', '  ', 'unreadable', '[a]')
  const file = fc.tuple(fc.array(line, { maxLength: 25 }), fc.constantFrom('\n', '\r\n')).map(([lines, end]) => lines.join(end))

  test('a random edit touches only the lines of its own section', () => {
    fc.assert(
      fc.property(file, edit, (text, wanted) => {
        const before = parse(text)
        const after = parse(print(edited(before, wanted)))
        const others = (document: ReturnType<typeof parse>) =>
          readIni(document)
            .sections.filter((section) => ![wanted.name, 'to' in wanted ? wanted.to : ''].includes(section.name))
            .map((section) => [section.name, section.options.map(({ name: of, value: is }) => `${of}=${is}`)])
        expect(others(after)).toEqual(others(before))
        const left = print(after).split(/\r?\n/)
        const kept = left.filter((each) => text.split(/\r?\n/).includes(each)).length
        // All but what was set, or put in: a header, an option, a blank line, a line end.
        expect(left.length - kept).toBeLessThanOrEqual(wanted.kind === 'rename' ? 25 : 4)
      }),
      { numRuns: 2000 },
    )
  })

  function edited(document: ReturnType<typeof parse>, wanted: Edit): ReturnType<typeof parse> {
    if (wanted.kind === 'set') return setValue(document, wanted.name, wanted.option, wanted.value)
    if (wanted.kind === 'unset') return removeOption(document, wanted.name, wanted.option)
    if (wanted.kind === 'add') return addSection(document, wanted.name, [[wanted.option, wanted.value]])
    if (wanted.kind === 'rename') return renameSection(document, wanted.name, wanted.to)
    return removeSection(document, wanted.name)
  }
})
