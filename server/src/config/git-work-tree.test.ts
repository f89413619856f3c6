import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gitExposure } from './git-work-tree.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-git-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const git = (...args: string[]) => execFileSync('git', ['-C', directory, ...args], { stdio: 'pipe' })
const file = (name: string, content = '') => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

describe('Git exposure of a file', () => {
  test('is none outside any work tree, and for a file that is missing', async () => {
    expect(await gitExposure(file('a.conf'))).toBe('none')
    expect(await gitExposure(join(directory, 'missing'))).toBe('none')
  })

  test('is given in a work tree until the file is ignored, and again once it is tracked', async () => {
    git('init', '-q')
    mkdirSync(join(directory, 'deep'))
    const path = file('deep/a.conf')
    expect(await gitExposure(path)).toBe('committable')
    file('.gitignore', 'a.conf\n')
    expect(await gitExposure(path)).toBe('none')
    git('add', '-f', 'deep/a.conf')
    expect(await gitExposure(path)).toBe('committable')
  })

  test('is that of the file a link leads to', async () => {
    git('init', '-q')
    const elsewhere = mkdtempSync(join(tmpdir(), 'benchkey-git-link-'))
    try {
      const link = join(elsewhere, 'a.conf')
      symlinkSync(file('a.conf'), link)
      expect(await gitExposure(link)).toBe('committable')
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  test('does not follow GIT_DIR of the process into another repository', async () => {
    git('init', '-q')
    file('.gitignore', '*\n')
    const before = process.env.GIT_DIR
    process.env.GIT_DIR = '/nowhere'
    try {
      expect(await gitExposure(file('a.conf'))).toBe('none')
    } finally {
      if (before === undefined) delete process.env.GIT_DIR
      else process.env.GIT_DIR = before
    }
  })

  test('is unknown where Git does not understand the repository', async () => {
    mkdirSync(join(directory, '.git'))
    expect(await gitExposure(file('a.conf'))).toBe('unknown')
  })

  test('does not run a command that the repository names', async () => {
    git('init', '-q')
    const proof = join(directory, 'ran')
    git('config', 'core.fsmonitor', `touch ${proof}; true`)
    await gitExposure(file('a.conf'))
    expect(existsSync(proof)).toBe(false)
  })
})
