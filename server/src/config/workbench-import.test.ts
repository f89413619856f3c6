import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDiagnostic } from './diagnostics.ts'
import { importWorkbench } from './workbench-import.ts'

const BOX = '4c1cfecb-1927-4f19-bc2f-d8ac261364e0'
const LAB = '0e9c1c4e-55a5-4f7e-9b1d-0a6a4a3a1f11'

function imported(text: string, ids?: unknown): { text: string; findings: string[]; oldLine: (line: number) => number } {
  const list = typeof ids === 'string' ? ids : JSON.stringify(ids)
  const source = { file: 'old.conf', bytes: Buffer.from(text) }
  const { bytes, findings, oldLine } = importWorkbench(source, ids === undefined ? undefined : named('ids.json', list))
  return { text: bytes.toString(), findings: findings.flatMap((each) => each.inOrder()).map(formatDiagnostic), oldLine }
}

const named = (file: string, text: string) => ({ file, bytes: Buffer.from(text) })

describe('a Workbench oauth-clients.conf', () => {
  test('gets a guid in each section and keeps everything else byte for byte', () => {
    const text = '\ufeff# ours\r\n[box-integration]\r\n  name = Box ; x\r\nclient-id=1\r\n\r\n; lab below\r\n[lab]\r\nclient-id=2'
    const result = imported(text, [
      { type: 'custom', name: 'box-integration', display_name: 'Box', authenticated: true, guid: BOX },
      { name: 'lab', guid: LAB.toUpperCase() },
    ])
    expect(result.findings).toEqual([])
    expect(result.text).toBe(
      text.replace('client-id=1\r\n', `client-id=1\r\nguid=${BOX}\r\n`).replace('client-id=2', `client-id=2\r\nguid=${LAB}\r\n`),
    )
    expect([1, 4, 5, 6, 9, 10].map(result.oldLine)).toEqual([1, 4, 4, 5, 8, 8])
  })

  test('is as it was but for the added lines, whatever stands in it', () => {
    const pieces = fc.constantFrom('[', ']', 'lab', '\n', '\r\n', '=', '#', ' ', '\t', 'scopes', 'x', '\ufeff', 'ü', '\0')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (words) => {
        const text = words.join('').replaceAll('scopes', 'client-id')
        const added = new RegExp(`guid=${LAB}\\r?\\n`, 'g')
        const without = imported(text, [{ name: 'lab', guid: LAB }]).text.replace(added, '')
        expect(without.replace(/[\r\n]+$/, '')).toBe(text.replace(/[\r\n]+$/, ''))
      }),
    )
  })

  test('keeps a guid that is there, and says when the list has another', () => {
    const text = `[lab]\nguid=${BOX}\n[box]\nguid=${BOX.toUpperCase()}\n`
    const { text: result, findings } = imported(text, [
      { name: 'lab', guid: LAB },
      { name: 'box', guid: BOX },
    ])
    expect(result).toBe(text)
    expect(findings).toEqual([
      `old.conf:2: [lab] guid: is not the ID that ids.json has in line 1; keep the one that people's code uses.`,
    ])
  })

  test('names the sections without an ID and the IDs without a section', () => {
    const { text, findings } = imported(
      '[lab]\n[box]\n',
      `[{"name": "box", "guid": "${BOX}"},\n{"name": "azure", "guid": "${LAB}"}]`,
    )
    expect(text).toBe(`[lab]\n[box]\nguid=${BOX}\n`)
    expect(findings).toEqual([
      'old.conf:1: [lab] ids.json has no ID for this section, so it gets a new one; code that uses the old one has to be changed.',
      'ids.json:2: [azure] This ID belongs to no section of old.conf, so it is not carried over.',
    ])
  })

  test('names every section without an ID when there is no list', () => {
    expect(imported('[lab]\n').findings).toEqual([
      'old.conf:1: [lab] Its old ID is not known without --ids, so it gets a new one; code that uses the old one has to be changed.',
    ])
  })

  test('makes comments of options without a value that have a default, and of no others', () => {
    const { text, findings } = imported('[lab]\nname=\nscopes =\nclient-id=\n', [{ name: 'lab', guid: LAB }])
    expect(text).toBe(`[lab]\n#name=\n#scopes =\nclient-id=\nguid=${LAB}\n`)
    expect(findings).toEqual([
      'old.conf:2: [lab] name: has no value, which says nothing here; the line becomes a comment.',
      'old.conf:3: [lab] scopes: has no value, which says nothing here; the line becomes a comment.',
    ])
  })

  test('keeps quotes and warns of them without repeating what they hold', () => {
    const { text, findings } = imported('[lab]\nclient-secret="s3cret"\n', [{ name: 'lab', guid: LAB }])
    expect(text).toContain('client-secret="s3cret"')
    expect(findings).toEqual([
      'old.conf:2: [lab] client-secret: stands in quotes, which are part of the value here; remove them unless they are meant.',
    ])
  })

  test('survives headers that no ID can be written for', () => {
    expect(
      imported('[a\tb]\n[]\n[lab]\n[lab]\n', [
        { name: 'a\tb', guid: BOX },
        { name: 'lab', guid: LAB },
      ]).text,
    ).toBe(`[a\tb]\n[]\n[lab]\nguid=${LAB}\n[lab]\n`)
  })
})

describe('the list of IDs', () => {
  const findingsOf = (ids: unknown) => imported(`[lab]\nguid=${LAB}\n`, ids).findings

  test.each([
    ['as the Python client prints it', `[{'name': 'lab', 'authenticated': True, 'guid': '${LAB}'}]`],
    ['as the session RPC sends it', `{"providers": [{"type": "custom", "integrations": [{"name": "lab", "uid": "${LAB}"}]}]}`],
    ['with a byte order mark', `\ufeff[{"name": "lab", "guid": "${LAB}"}]`],
    ['with an entry twice', `[{"name": "lab", "guid": "${LAB}"}, {"name": "lab", "guid": "${LAB}"}]`],
  ])('is understood %s', (_how, text) => expect(findingsOf(text)).toEqual([]))

  const expected = 'what integrations.find() prints is expected: a list of objects with name and guid.'
  test.each([
    ['[{"name": "lab"\n', `ids.json:2: This is not JSON from column 1 on: the file ends too early; ${expected}`],
    ['Traceback (most recent call last):', `ids.json:1: This is not JSON from column 1 on: a value is expected; ${expected}`],
    ['"lab"', `ids.json:1: This is not a list of integrations; ${expected}`],
    ['{"error": "x"}', `ids.json:1: This is not a list of integrations; ${expected}`],
    ['[]', 'ids.json:1: This list is empty; print it in a session of a user who sees the integrations. '],
    ['[{"guid": "x"}]', `ids.json:1: This entry has no name; ${expected}`],
    ['[\n{"name": "lab"}]', 'ids.json:2: [lab] This entry has no guid; print the list anew.'],
    ['[{"name": "lab",\n"guid": "x"}]', 'ids.json:2: [lab] guid: is not a GUID; write 32 hexadecimal digits as 8-4-4-4-12.'],
    [
      `[{"name": "lab", "guid": "${LAB}"},\n{"name": "lab", "guid": "${BOX}"}]`,
      'ids.json:2: [lab] This name stands twice with different IDs, first in line 1; keep the right one.',
    ],
    [
      `[{"name": "lab", "guid": "${LAB}"},\n{"name": "box", "guid": "${LAB}"}]`,
      'ids.json:2: [box] guid: is also the ID of [lab]; every integration has its own.',
    ],
  ])('that says %j is refused with its place', (text, finding) => expect(findingsOf(text)).toContain(finding.trim()))

  test('that is no text is refused', () => {
    const { findings } = importWorkbench(named('old.conf', ''), { file: 'ids.json', bytes: Buffer.from([0xff, 0xfe, 0x5b]) })
    expect(findings.flatMap((each) => each.inOrder()).map(formatDiagnostic)).toEqual([
      'ids.json:1: This file is not UTF-8 text; save what the command printed as UTF-8.',
    ])
  })
})
