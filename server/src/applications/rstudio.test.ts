import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const SCRIPT = join(import.meta.dirname, 'rstudio.sh')
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-rstudio-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Programs in the places of RStudio's: the server clears the environment as the real one does, and starts R's session by its option. */
function plantPrograms(): string {
  const server = [
    '#!/bin/sh',
    'for word; do echo "$word"; case $word in --rsession-path=*) session=$(echo "$word" | cut -d= -f2) ;; esac; done',
  ]
  server.push('exec env -i PATH="$PATH" HOME="$HOME" USER="$USER" FROM_RSERVER=1 "$session" --one "two words"')
  writeFileSync(join(folder, 'rserver'), `${server.join('\n')}\n`, { mode: 0o755 })
  const session = ['#!/bin/sh', 'echo "rsession $# $2|$PWB_SESSION_RUNTIME_DIR|$TITLE|$FROM_RSERVER"']
  writeFileSync(join(folder, 'rsession'), `${session.join('\n')}\n`, { mode: 0o755 })
  return join(folder, 'rserver')
}

function run(): string[] {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, USER: 'ada', PWB_SESSION_RUNTIME_DIR: folder, TITLE: `it's "two" $words` }
  const words = [SCRIPT, plantPrograms(), '/s/app.sock', folder, '/s/t/']
  return execFileSync('/bin/sh', words, { env, encoding: 'utf8' }).trimEnd().split('\n')
}

describe('the script that starts RStudio Server', () => {
  test('tells it the socket, the path in the browser, and places of the session for all that it writes', () => {
    const lines = run()
    for (const option of ['--www-socket=/s/app.sock', '--www-root-path=/s/t/', '--auth-none=1', '--server-user=ada']) {
      expect(lines).toContain(option)
    }
    for (const option of [
      'server-data-dir',
      'server-pid-file',
      'database-config-file',
      'secure-cookie-key-file',
      'rsession-path',
    ]) {
      expect(lines.find((line) => line.startsWith(`--${option}=`))).toContain(`=${folder}/rstudio/`)
    }
  })

  test('gives R the variables of the session back, and keeps those of the server', () => {
    expect(run().at(-1)).toBe(`rsession 2 two words|${folder}|it's "two" $words|1`)
  })

  test('leaves nothing that others may read', () => {
    run()
    const state = join(folder, 'rstudio')
    for (const name of ['', ...readdirSync(state)]) expect([name, statSync(join(state, name)).mode & 0o077]).toEqual([name, 0])
  })
})
