import { expect, test } from 'vitest'
import { findShells } from './shells.ts'

const labels = (environment: Record<string, string>, ...programs: string[]) =>
  findShells(environment, (path) => programs.includes(path)).map(({ label, words }) => `${label}: ${words.join(' ')}`)

test('the menu of a terminal holds what is in the session’s PATH, in one order', () => {
  const programs = ['/usr/bin/python3', '/usr/bin/R', '/opt/r/bin/R', '/bin/bash']
  expect(labels({ PATH: '/opt/r/bin:relative:/usr/bin:/bin', SHELL: '/bin/bash' }, ...programs)).toEqual([
    'bash: /bin/bash',
    'R: /opt/r/bin/R --quiet',
    'Python: /usr/bin/python3',
  ])
})

test('the user’s own shell comes first', () => {
  expect(labels({ PATH: '/bin', SHELL: '/usr/bin/zsh' }, '/bin/bash', '/usr/bin/zsh')).toEqual([
    'zsh: /usr/bin/zsh',
    'bash: /bin/bash',
  ])
})

test.each(['/usr/sbin/nologin', '/bin/false', '/no/such', 'bash'])('a shell of %s is left out', (shell) => {
  expect(labels({ PATH: '/bin', SHELL: shell }, '/bin/bash', '/usr/sbin/nologin', '/bin/false')).toEqual(['bash: /bin/bash'])
})

test('where nothing is found there is sh', () => {
  expect(labels({})).toEqual(['sh: /bin/sh'])
})
