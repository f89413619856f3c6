import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { findUnixAccount } from './accounts.ts'

test('a Unix account is found by its name', async () => {
  const { username, uid, gid, homedir, shell } = userInfo()
  expect(await findUnixAccount(username)).toEqual({ name: username, uid, gid, home: homedir, shell })
})

test.each(['no-such-account', '0', String(userInfo().uid), '-s', 'root:x', ''])(
  'no Unix account is found by %j',
  async (name) => {
    expect(await findUnixAccount(name)).toBeUndefined()
  },
)
