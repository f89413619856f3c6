import { expect, test } from 'vitest'
import { defaultInstallFolder, installFolder, VSCODE_PROGRAM } from './install-folder.ts'

test('ide install fills /opt for root and the data directory for everybody else', () => {
  expect(defaultInstallFolder('/var/lib/benchkey', 0)).toBe('/opt/benchkey/ide')
  expect(defaultInstallFolder('/srv/bench/data/', 1000)).toBe('/srv/bench/data/ide')
})

test.each([
  { there: ['/data/ide/vscode/bin/code-server', '/opt/benchkey/ide/vscode/bin/code-server'], folder: '/data/ide' },
  { there: ['/opt/benchkey/ide/vscode/bin/code-server'], folder: '/opt/benchkey/ide' },
  { there: [], folder: '/opt/benchkey/ide' },
])('sessions find the program in $folder when there is $there', ({ there, folder }) => {
  expect(installFolder('/data', VSCODE_PROGRAM, (path) => there.includes(path))).toBe(folder)
})
