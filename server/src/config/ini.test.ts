import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processorMsOf } from '../../testing/processor-time.ts'
import { findValue, parseIni, printIni, readIni, removeOption, setValue } from './ini.ts'

const parse = (text: string) => parseIni(Buffer.from(text))
const print = (document: ReturnType<typeof parse>) => printIni(document).toString()

/** Text made of the pieces that mean something to the parser, so that random cases meet its branches. */
const iniText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[',
        ']',
        '=',
        '#',
        ';',
        '\n',
        '\r\n',
        '\r',
        ' ',
        '\t',
        '\ufeff',
        'name',
        'client-id',
        '\0',
        '"',
        '\\',
        '%',
        'ü',
        '😀',
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(''))
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  iniText.map((text) => new Uint8Array(Buffer.from(text))),
)

describe('INI round trip', () => {
  test('prints any bytes as they were read', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(printIni(parseIni(bytes)).equals(bytes)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('never fails to say what a file of any bytes holds', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const document = parseIni(bytes)
        const content = readIni(document)
        const lines = [...content.preamble, ...content.sections, ...content.troubles].map((each) => each.line)
        expect(Math.max(0, ...lines)).toBeLessThanOrEqual(document.lines.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('keeps comments, order, spacing, CRLF, byte order mark and a missing last newline', () => {
    const text = '\ufeff# first\r\n\r\n; second\r\n  [ a.b ]  \r\n\tx  =  1 ; 2 # 3 \r\n\n[c]\ny=\n\n\n z = "q\\" 100% = ü'
    expect(print(parse(text))).toBe(text)
  })
})

describe('INI reading', () => {
  test('keeps every character of a value but the blanks around it', () => {
    for (const value of [
      'a;b',
      'a#b',
      ';',
      '#x',
      'a=b=',
      '=',
      '100%s',
      '"quoted"',
      "'q'",
      'back\\slash\\n',
      'ü 😀 名',
      'true',
      'a  b',
      '[x]',
    ]) {
      expect(findValue(parse(`[s]\no = \t${value} \t \nnext=1`), 's', 'o')).toBe(value)
    }
  })

  test('takes dotted, spaced and bracketed section names as they stand', () => {
    const { sections } = readIni(parse('[a.b.c]\n[ Box API ]\n[x]y]\n[]\n'))
    expect(sections.map((each) => each.name)).toEqual(['a.b.c', 'Box API', 'x]y', ''])
  })

  test('reads options without a section, as benchkey.conf writes them', () => {
    const content = readIni(parse('# c\nwww-port=8443\n\n public-url = https://x.example/a?b=c\n'))
    expect(content).toEqual({
      preamble: [
        { name: 'www-port', value: '8443', line: 2 },
        { name: 'public-url', value: 'https://x.example/a?b=c', line: 4 },
      ],
      sections: [],
      troubles: [],
    })
  })

  test('counts lines by line feeds and reports doubles in order', () => {
    const { sections } = readIni(parse('\ufeff[a]\r\nx=1\r\nx=2\r\n[a]\r\ny=3'))
    expect(sections).toEqual([
      {
        name: 'a',
        line: 1,
        options: [
          { name: 'x', value: '1', line: 2 },
          { name: 'x', value: '2', line: 3 },
        ],
      },
      { name: 'a', line: 4, options: [{ name: 'y', value: '3', line: 5 }] },
    ])
  })

  test('reports lines that say nothing, control characters and bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('lonely\n[open\n[a] ; late comment\n=value\n[s]\nx=a\u0000b\ny=a\rb\n# \u001b\nz='),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n# '),
      Buffer.from([0xe4]),
    ])
    expect(readIni(parseIni(bytes)).troubles).toEqual([
      { kind: 'unreadable', line: 1, isComment: false },
      { kind: 'unreadable', line: 2, isComment: false },
      { kind: 'unreadable', line: 3, isComment: false },
      { kind: 'unreadable', line: 4, isComment: false },
      { kind: 'control character', line: 6, section: 's', isComment: false },
      { kind: 'control character', line: 7, section: 's', isComment: false },
      { kind: 'control character', line: 8, section: 's', isComment: true },
      { kind: 'not UTF-8', line: 9, section: 's', isComment: false },
      { kind: 'not UTF-8', line: 10, section: 's', isComment: true },
    ])
  })

  test('reads ten megabytes in a line or in a million lines within seconds', async () => {
    const longLine = `x=${' '.repeat(5_000_000)}a${' '.repeat(5_000_000)}`
    expect(findValue(parse(longLine), undefined, 'x')).toBe('a')
    const manyLines = '[s]\nabc=12\n'.repeat(900_000)
    const read = () => expect(readIni(parse(manyLines)).sections).toHaveLength(900_000)
    expect(await processorMsOf(read)).toBeLessThan(15_000)
  })
})

describe('INI edit', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
  const writable = fc
    .string({ unit: 'binary', maxLength: 30 })
    .map((text) => text.replace(/\p{Cc}/gu, '').replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((text) => text.isWellFormed())
  const section = fc.option(
    fc.oneof(
      fc.constantFrom('a', 'a.b', 'name'),
      writable.filter((text) => text !== ''),
    ),
    { nil: undefined },
  )

  test('answers the value that was set, also after printing, whatever the file held', () => {
    fc.assert(
      fc.property(anyBytes, section, name, writable, (bytes, where, option, value) => {
        const edited = setValue(parseIni(bytes), where, option, value)
        expect(findValue(edited, where, option)).toBe(value)
        expect(findValue(parseIni(printIni(edited)), where, option)).toBe(value)
      }),
      { numRuns: 3000 },
    )
  })

  test('leaves every other line as it was, in its place', () => {
    fc.assert(
      fc.property(iniText, section, name, writable, (text, where, option, value) => {
        const before = parse(text)
        const was = before.lines.map((line) => line.text)
        const is = setValue(before, where, option, value).lines.map((line) => line.text)
        if (findValue(before, where, option) !== undefined) {
          expect(is).toHaveLength(was.length)
          expect(is.filter((line, index) => line !== was[index]).length).toBeLessThanOrEqual(1)
          return
        }
        const firstNew = is.findIndex((line, index) => line !== was[index])
        expect([...is.slice(0, firstNew), ...is.slice(firstNew + is.length - was.length)]).toEqual(was)
      }),
      { numRuns: 2000 },
    )
  })

  test('changes only the value in its line', () => {
    const text = '# top\r\n[a]\r\n  x =\told value  \r\n; end'
    expect(print(setValue(parse(text), 'a', 'x', 'new;#="v"'))).toBe('# top\r\n[a]\r\n  x =\tnew;#="v"  \r\n; end')
  })

  test('puts a new option after the last one of its section, with the line end of the file', () => {
    expect(print(setValue(parse('[a]\r\nx=1\r\n\r\n# about b\r\n[b]\r\ny=2'), 'a', 'z', '3'))).toBe(
      '[a]\r\nx=1\r\nz=3\r\n\r\n# about b\r\n[b]\r\ny=2',
    )
    expect(print(setValue(parse('[a]\nx=1'), 'a', 'z', '3'))).toBe('[a]\nx=1\nz=3\n')
    expect(print(setValue(parse('[a]\n[b]\n'), 'a', 'z', '3'))).toBe('[a]\nz=3\n[b]\n')
    expect(print(setValue(parse('# about\nwww-port=1\n\n'), undefined, 'single-user', '1'))).toBe(
      '# about\nwww-port=1\nsingle-user=1\n\n',
    )
  })

  test('puts a new section at the end', () => {
    expect(print(setValue(parse(''), 'a', 'x', '1'))).toBe('[a]\nx=1\n')
    expect(print(setValue(parse('[b]\r\ny=1'), 'a', 'x', '1'))).toBe('[b]\r\ny=1\r\n\r\n[a]\r\nx=1\r\n')
  })

  test('removes all lines of one option and nothing else', () => {
    expect(print(removeOption(parse('x=0\n[a]\n# c\nx=1\ny=2\nx = 3\n[b]\nx=4'), 'a', 'x'))).toBe('x=0\n[a]\n# c\ny=2\n[b]\nx=4')
    expect(print(removeOption(parse('x=0\n[a]\nx=1'), undefined, 'x'))).toBe('[a]\nx=1')
  })

  test('refuses what could not be read back', () => {
    const document = parse('[a]\n')
    for (const value of ['a\nb', 'a\0', 'a\r', ' a', 'a\t', 'a\tb', '\ud800']) {
      expect(() => setValue(document, 'a', 'x', value)).toThrow(RangeError)
    }
    expect(() => setValue(document, 'a\nb', 'x', '1')).toThrow(RangeError)
    for (const option of ['', 'a=b', '#x', '[x', 'a b']) expect(() => setValue(document, 'a', option, '1')).toThrow(RangeError)
  })
})
