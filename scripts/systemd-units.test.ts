import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const units = join(root, 'examples/systemd')
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'benchkey-units-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** What systemd says of a unit's text whose clone lies here. */
async function verified(name: string, text: string): Promise<string> {
  const file = join(dir, name)
  writeFileSync(file, text.replaceAll('/opt/benchkey/benchkey', join(root, 'benchkey')))
  const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', file])
  return stdout + stderr
}

test.each(readdirSync(units))('%s is a unit that systemd has nothing to say about', async (name) => {
  expect(await verified(name, readFileSync(join(units, name), 'utf8'))).toBe('')
})

test('a misspelt option would be seen', async () => {
  const text = readFileSync(join(units, 'benchkey.service'), 'utf8').replace('KillMode=', 'KilMode=')
  expect(await verified('misspelt.service', text)).toContain('KilMode')
})
