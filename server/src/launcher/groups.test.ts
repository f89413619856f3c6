import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { hasGroupOfOwn, isGroup, isInGroup } from './groups.ts'

const lines = (database: string): string[][] =>
  execFileSync('getent', [database], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':'))

describe('the groups of this host', () => {
  test('have their accounts by the primary group and by their lists', async () => {
    const groups = lines('group')
    const accounts = lines('passwd')
    const [account = '', , , gid] = accounts.find(([, , , primary]) => groups.some(([, , id]) => id === primary)) ?? []
    const primary = groups.find(([, , id]) => id === gid)?.[0] ?? ''
    expect(await isInGroup(account, primary)).toBe(true)
    const listed = groups.flatMap(([name = '', , , members = '']) => members.split(',').map((member) => [member, name] as const))
    for (const [member, group] of listed.filter(([name]) => accounts.some(([known]) => known === name))) {
      expect(await isInGroup(member, group), `${member} in ${group}`).toBe(true)
    }
  })

  test.each([
    ['root', 'daemon'],
    ['root', 'no-such-group'],
    ['no-such-account', 'root'],
    ['0', 'root'],
    ['root', '0'],
    ['', ''],
    ['--help', 'root'],
  ])('"%s" is not in "%s"', async (account, group) => {
    expect(await isInGroup(account, group)).toBe(false)
  })
})

test.each([
  ['daemon', true],
  ['no-such-group', false],
  ['1', false],
  ['', false],
  ['--help', false],
])('"%s" is a group: %s', async (group, is) => {
  expect(await isGroup(group)).toBe(is)
})

describe('a group of an account’s own', () => {
  const groupOf = (account: string): number => Number(execFileSync('id', ['-g', account], { encoding: 'utf8' }))

  test('has its name and nobody else in it', async () => {
    expect(await hasGroupOfOwn({ name: 'daemon', gid: groupOf('daemon') })).toBe(true)
  })

  test('is not that of another account, one with a member besides, or one that is not there', async () => {
    expect(await hasGroupOfOwn({ name: 'ann', gid: groupOf('daemon') })).toBe(false)
    for (const [name = '', , gid, members = ''] of lines('group')) {
      const others = members.split(',').filter((member) => member !== '' && member !== name)
      if (others.length > 0) expect(await hasGroupOfOwn({ name, gid: Number(gid) }), name).toBe(false)
    }
    expect(await hasGroupOfOwn({ name: 'ann', gid: 3_999_999_999 })).toBe(false)
  })
})
