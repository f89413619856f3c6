import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildExtension, VSIX } from './extension.ts'

const root = resolve(import.meta.dirname, '..')
let unpacked: string

beforeAll(async () => {
  await buildExtension(root)
  unpacked = mkdtempSync(join(tmpdir(), 'benchkey-vsix-'))
  const unzip = `import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])`
  execFileSync('/usr/bin/python3', ['-c', unzip, join(root, VSIX), unpacked])
})
afterAll(() => rmSync(unpacked, { recursive: true, force: true }))

const read = (path: string): string => readFileSync(join(unpacked, path), 'utf8')

test('the VSIX names the extension as its own manifest does', () => {
  const manifest = JSON.parse(read('extension/package.json')) as { name: string; version: string; publisher: string }
  const identity = `Id="${manifest.name}" Version="${manifest.version}" Publisher="${manifest.publisher}"`
  expect(read('extension.vsixmanifest')).toContain(identity)
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('private')
})

test('every file that the manifests name is in the VSIX', () => {
  const { main } = JSON.parse(read('extension/package.json')) as { main: string }
  const named = [...read('extension.vsixmanifest').matchAll(/Path="([^"]+)"/g)].map(([, path]) => path ?? '')
  for (const path of [...named, join('extension', main), 'extension/media/key.svg']) {
    expect(statSync(join(unpacked, path)).isFile(), path).toBe(true)
  }
})

test('the extension is one file that needs nothing but VS Code and Node', () => {
  const required = [...read('extension/extension.cjs').matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name ?? '')
  const foreign = required.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))
  expect(new Set(foreign)).toEqual(new Set(['vscode']))
})
