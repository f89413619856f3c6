import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeAdminSocket, runBenchkey, untilTestEnds } from '../../testing/command-line.ts'
import type { AdminStoredToken, AdminUserDetails } from '../domain/admin-api.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'benchkey-oversight-test-'))
})

afterEach(() => rmSync(dataDir, { recursive: true }))

const benchkey = (...args: string[]) => runBenchkey(args, { BENCHKEY_DATA_DIR: dataDir })
const play = (body: unknown) => untilTestEnds(fakeAdminSocket(dataDir, () => ({ body })))

const token: AdminStoredToken = {
  ...{ id: 't-1', userName: 'ada', integration: 'guid-1', section: 'box', name: 'Box API Access' },
  ...{ state: 'signed_in', label: 'Signed in · renews itself', hasRefreshToken: true, renewals: 3 },
  ...{ signedInAt: '2026-11-20T08:00:00.000Z', expiresAt: '2026-11-23T12:59:59.000Z' },
  ...{ lastRenewedAt: '2026-11-23T11:59:59.000Z', lastUsedAt: '2026-11-23T12:00:30.000Z', lastUsedBy: 'Rscript' },
}
const bare: AdminStoredToken = {
  ...{ id: 't-2', userName: 'bob\u001b[2J', integration: 'guid-2', section: 'lab', state: 'not_configured' },
  ...{ label: 'Not configured', hasRefreshToken: false, renewals: 0, signedInAt: '2026-11-20T08:00:00.000Z' },
}

describe('benchkey stored-token revoke and purge', () => {
  /** A server with two sign-ins, and what it was asked. */
  const server = (removed: object) =>
    untilTestEnds(
      fakeAdminSocket(dataDir, ({ method }) => ({ body: method === 'GET' ? { storedTokens: [token, bare] } : removed })),
    )

  test('do it unasked with --yes, for the user and integration that are named', async () => {
    const socket = await server({ removed: 2, cannotRevoke: [] })
    const done = await benchkey('stored-token', 'purge', '--user', 'ada', '--integration', 'box', '--yes')
    expect(done).toEqual({ code: 0, stdout: '', stderr: 'benchkey: Purged 2 sign-ins.\n' })
    expect(socket.seen.at(-1)).toMatchObject({ method: 'POST', path: '/stored-tokens/purge' })
  })

  test('name what could not be revoked, and exit with 1', async () => {
    await server({ removed: 1, cannotRevoke: ['Lab'] })
    const { code, stderr } = await benchkey('stored-token', 'revoke', '--user', 'ada', '--yes')
    expect(code).toBe(1)
    expect(stderr).toContain('Revoked 1 sign-in.')
    expect(stderr).toContain('Kept those to Lab: no revocation URL is configured there.')
  })

  test('do nothing without a terminal to ask at, nor without saying which', async () => {
    const socket = await server({ removed: 0, cannotRevoke: [] })
    expect((await benchkey('stored-token', 'revoke', '--user', 'ada')).stderr).toContain('Give --yes to do it unasked.')
    expect((await benchkey('stored-token', 'purge', '--yes')).stderr).toContain('Give --user U, --integration NAME, or both.')
    expect(socket.seen.map(({ method }) => method)).toEqual(['GET'])
  })
})

describe('benchkey stored-token list', () => {
  test('prints a table that a terminal does not act on, or JSON', async () => {
    await play({ storedTokens: [token, bare] })
    expect(await benchkey('stored-tokens', 'list')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'USER     SECTION  REFRESH TOKEN  EXPIRES               LAST RENEWED          LAST USED             STATE',
        'ada      box      yes            2026-11-23 12:59 UTC  2026-11-23 11:59 UTC  2026-11-23 12:00 UTC  Signed in · renews itself',
        'bob?[2J  lab      no             unknown               never                 never                 Not configured',
        '',
      ].join('\n'),
    })
    expect(JSON.parse((await benchkey('stored-token', 'list', '--json')).stdout)).toEqual([token, bare])
  })

  test('marks a sign-in at which an answer was not understood', async () => {
    await play({ storedTokens: [{ ...token, unreadReplies: 2 }] })
    const { stdout } = await benchkey('stored-token', 'list')
    expect(stdout.trimEnd()).toMatch(/Signed in · renews itself · an answer was not understood$/)
  })

  test('asks for one user and one integration', async () => {
    const socket = await play({ storedTokens: [] })
    const done = await benchkey('stored-token', 'list', '--user', 'a&b', '--integration', 'Box API')
    expect(done).toEqual({ code: 0, stdout: '', stderr: 'benchkey: There is no such sign-in.\n' })
    expect((await benchkey('stored-token', 'list')).stderr).toBe('benchkey: Nobody is signed in anywhere yet.\n')
    expect(socket.seen.map(({ path }) => path)).toEqual(['/stored-tokens?user=a%26b&integration=Box+API', '/stored-tokens'])
  })
})

describe('benchkey user show', () => {
  const details: AdminUserDetails = {
    user: { id: 'u-1', name: 'ada', isAdmin: true, createdAt: '2026-11-01T07:00:00.000Z', lockedAt: '2026-11-23T07:00:00.000Z' },
    browserSessions: 1,
    sessions: [
      {
        ...{ id: 's-1', userId: 'u-1', userName: 'ada', name: 'R', kind: 'command', state: 'running' },
        startedAt: '2026-11-23T12:00:30.000Z',
      },
    ],
    storedTokens: [token],
  }

  test('tells account, sessions and sign-ins, or JSON', async () => {
    const socket = await play(details)
    const { code, stdout } = await benchkey('user', 'show', 'a/da')
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'ada: administrator, locked since 2026-11-23 07:00 UTC, added 2026-11-01 07:00 UTC, logged in in 1 browser',
        '',
        '1 session:',
        'ID   USER  NAME  KIND     STATE    SINCE',
        's-1  ada   R     command  running  2026-11-23 12:00 UTC',
        '',
        '1 stored sign-in:',
        'SECTION  REFRESH TOKEN  EXPIRES               LAST RENEWED          LAST USED             STATE',
        'box      yes            2026-11-23 12:59 UTC  2026-11-23 11:59 UTC  2026-11-23 12:00 UTC  Signed in · renews itself',
        '',
      ].join('\n'),
    )
    expect(JSON.parse((await benchkey('users', 'show', 'ada', '--json')).stdout)).toEqual(details)
    expect(socket.seen[0]).toMatchObject({ method: 'GET', path: '/users/a%2Fda' })
  })

  test('of somebody with nothing says so', async () => {
    await play({ ...details, browserSessions: 0, sessions: [], storedTokens: [] })
    expect((await benchkey('user', 'show', 'ada')).stdout).toMatch(
      /logged in in 0 browsers\n\nNo session is running\.\n\nNo sign-in is stored\.\n$/,
    )
  })
})
