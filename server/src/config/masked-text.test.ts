import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskedDiff, shownValue } from './masked-text.ts'

const diff = (before: string, after: string) =>
  maskedDiff(Buffer.from(before), Buffer.from(after)).map(
    ({ kind, text, oldLine = '', newLine = '' }) => `${kind} ${oldLine}:${newLine} ${text}`,
  )

const BOX = `# all
[box]
name=Box
client-id=1
client-secret=s3cret
token-url=https://a.example
scopes=read
x
[lab]
client-id=2
`

describe('the difference between two files', () => {
  test('is told line by line, with what stands around it', () => {
    expect(diff(BOX, BOX)).toEqual([])
    expect(diff(BOX, BOX.replace('scopes=read', 'scopes=read,write'))).toEqual([
      'gap : 3 lines',
      'same 4:4 client-id=1',
      'same 5:5 client-secret=(not shown)',
      'same 6:6 token-url=https://a.example',
      'removed 7: scopes=read',
      'added :7 scopes=read,write',
      'same 8:8 (not shown)',
      'same 9:9 [lab]',
      'same 10:10 client-id=2',
    ])
    expect(diff('', '[a]\nx=1\n')).toEqual(['added :1 [a]', 'added :2 (not shown)'])
    expect(diff('[a]\nname=1\n', '')).toEqual(['removed 1: [a]', 'removed 2: name=1'])
    expect(diff('[a]\n', '[a]\r\n')).toEqual(['removed 1: [a]', 'added :1 [a]'])
  })

  test('says of a secret only that it is another one', () => {
    expect(diff('[a]\nclient-secret=old\n', '[a]\nclient-secret=new\n')).toEqual([
      'same 1:1 [a]',
      'removed 2: client-secret=(not shown)',
      'added :2 client-secret=(changed)',
    ])
  })

  test('shows no secret that was mistyped, wrapped, commented out or written into an address', () => {
    const canary = 'c4nary-s3cret'
    const lines = [
      `client-secret=${canary}`,
      `client-secret = ${canary} # ${canary}`,
      `client-secret-next=${canary}`,
      `client-secrt=${canary}`,
      `Client-Secret=${canary}`,
      canary,
      `${canary}==`,
      `#client-secret=${canary}`,
      `; # client-secret = ${canary}`,
      `# proxy password=${canary}`,
      `proxy=http://user:${canary}@proxy.example:3128`,
      `proxy=http://user:a@${canary}@proxy.example:3128`,
      `proxy = user:${canary}@proxy.example:3128`,
      `proxy=http://user:a/${canary}?#@proxy.example:3128`,
      `#proxy=http://user:/${canary}@proxy.example:3128`,
      `# was: http://user:${canary}@proxy.example`,
    ]
    fc.assert(
      fc.property(fc.subarray(lines), fc.subarray(lines), (before, after) => {
        expect(diff(`[a]\n${before.join('\n')}\n`, `[a]\n${after.join('\n')}\n`).join('\n')).not.toContain(canary)
      }),
    )
    expect(shownValue('client-secret', canary)).toBeUndefined()
    expect(shownValue('proxy', `http://user:${canary}@proxy.example`)).toBe('http://user:(not shown)@proxy.example')
    expect(shownValue('proxy', `user:/${canary}@proxy.example:1`)).toBe('user:(not shown)@proxy.example:1')
    for (const plain of ['none', 'proxy.example:3128', 'http://user@proxy.example:3128', 'https://[2001:db8::1]:3128']) {
      expect(shownValue('proxy', plain)).toBe(plain)
    }
  })

  test('shows a line as it is written, whatever turns its direction or ends it elsewhere', () => {
    expect(diff('[a]\n', '[a]\nname=x\u202ey\u2028z\u001b[2J\u2066\n').join('\n')).toMatch(/name=x�y�z�\[2J�$/)
  })
})
