import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readIcon } from './icon.ts'

const UID = process.getuid?.() ?? 0
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(20)])
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-icon-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

async function read(content: string | Buffer, mode = 0o644) {
  const path = join(directory, 'icon.png')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return await readIcon(path, UID)
}

async function problemOf(content: string | Buffer, mode?: number): Promise<string | undefined> {
  const icon = await read(content, mode)
  return 'problem' in icon ? icon.problem : undefined
}

describe('an icon', () => {
  test.each([
    ['image/png', PNG],
    ['image/webp', Buffer.from('RIFF\x00\x00\x00\x00WEBPVP8 ')],
    ['image/svg+xml', '<svg viewBox="0 0 1 1"><path d="M0 0" style="fill:red"/></svg>'],
    ['image/svg+xml', '\uFEFF<?xml version="1.0"?>\n<!-- made by hand -->\n<svg\nxmlns="http://www.w3.org/2000/svg"></svg>'],
  ])('is told by its content: %s', async (mediaType, content) => {
    const icon = await read(content)
    expect(icon).toMatchObject({ value: { mediaType, base64: Buffer.from(content).toString('base64') } })
  })

  test('is not looked at for ever, whatever stands in front of a picture that does not come', async () => {
    expect(await problemOf('<!---->'.repeat(2000))).toBe('names a file that is no PNG, WebP or SVG picture.')
    expect(await read(`${'<!-- a --> '.repeat(2000)}<svg></svg>`)).toMatchObject({ value: { mediaType: 'image/svg+xml' } })
  })

  test('has another version with another content', async () => {
    const versions = [await read(PNG), await read(Buffer.concat([PNG, Buffer.alloc(1)])), await read(PNG)]
    const [first, second, third] = versions.map((icon) => ('value' in icon ? icon.value.version : ''))
    expect(first).not.toBe(second)
    expect(first).toBe(third)
  })

  test.each([
    '<html><svg></svg></html>',
    'GIF89a',
    '',
    Buffer.from([0x3c, 0x73, 0x76, 0x67, 0x20, 0xff]),
    '[a]\nclient-secret=x\n',
  ])('is no file of another kind: %j', async (content) => {
    expect(await problemOf(content)).toBe('names a file that is no PNG, WebP or SVG picture.')
  })

  test.each([
    '<svg><script>alert(1)</script></svg>',
    '<svg onload="alert(1)"/>',
    '<svg><a href="javascript:alert(1)">x</a></svg>',
    '<svg><image href="https://elsewhere.example/x.png"/></svg>',
    "<svg><use xlink:href='//elsewhere.example/x.svg#a'/></svg>",
    '<svg><foreignObject/></svg>',
    '<svg ><!DOCTYPE x [<!ENTITY a "b">]></svg>',
  ])('is no SVG that does more than a picture: %s', async (content) => {
    expect(await problemOf(content)).toMatch(/^names an SVG that holds a script/)
  })

  test('is at most 64 KiB, and nobody else may change it', async () => {
    expect(await problemOf(Buffer.concat([PNG, Buffer.alloc(64 * 1024)]))).toMatch(/larger than 64 KiB/)
    expect(await problemOf(PNG, 0o666)).toMatch(/can be changed by other accounts/)
  })
})
