import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeAdminSocket, runBenchkey, untilTestEnds } from '../../testing/command-line.ts'
import { durationOf, instantIn, parseDuration } from './durations.ts'

const TOKEN = `bks_${'A'.repeat(43)}`
const HUB = {
  ...{ name: 'jupyterhub', actsFor: ['user:ada', 'group:staff'], allUsers: false, maxSessions: 100, maxLifeSeconds: 43200 },
  ...{ createdAt: '2026-11-23T12:00:00.000Z', sessions: 3 },
  tokens: [
    { createdAt: '2026-11-24T12:00:00.000Z', expiresAt: '2027-02-22T12:00:00.000Z' },
    { createdAt: '2026-11-23T12:00:00.000Z', expiresAt: '2026-11-25T12:00:00.000Z', lastUsedAt: '2026-11-24T13:00:00.000Z' },
  ],
}

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'benchkey-service-test-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const benchkey = (words: string, input = '') => runBenchkey(words.split(' '), { BENCHKEY_DATA_DIR: dataDir }, { input })
const socketWith = (body: object) => untilTestEnds(fakeAdminSocket(dataDir, () => ({ body })))

describe('benchkey service', () => {
  test('add sends what was typed, and prints the token alone on stdout', async () => {
    const socket = await socketWith({ token: TOKEN, expiresAt: '2027-01-31T00:00:00.000Z' })
    const options = '--act-for user:ada --act-for=group:staff --from 10.0.0.0/8 --from 10.0.0.5 --integration box'
    const done = await benchkey(`service add jupyterhub ${options} --expires 2027-01-31 --max-sessions 5 --max-life 8h`)
    expect(done).toEqual({
      ...{ code: 0, stdout: `${TOKEN}\n` },
      stderr:
        'benchkey: Added service jupyterhub; its token works until 2027-01-31 00:00 UTC.\n  Keep it now: it is not shown again.\n',
    })
    const body = {
      ...{ name: 'jupyterhub', actsFor: ['user:ada', 'group:staff'], allUsers: false, from: ['10.0.0.0/8', '10.0.0.5'] },
      ...{ integrations: ['box'], expiresAt: '2027-01-31T00:00:00.000Z', maxSessions: 5, maxLifeSeconds: 28800 },
    }
    expect(socket.seen).toEqual([{ method: 'POST', path: '/services', cookie: undefined, body }])
  })

  test.each([
    ['service add hub --all-users', /"service add" needs --expires/],
    ['service add hub --all-users --expires tomorrow', /--expires is neither a duration nor a date/],
    ['service add hub --all-users --expires 1d --max-sessions many', /--max-sessions is no whole number/],
    ['service add hub --all-users --expires 1d --max-life long', /--max-life is no duration/],
    ['service rotate hub --overlap 2', /--overlap is no duration/],
  ])('"%s" is not understood', async (words, says) => {
    const socket = await socketWith({})
    const { code, stdout, stderr } = await benchkey(words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(says)
    expect(socket.seen).toEqual([])
  })

  test('list prints a table, or JSON', async () => {
    await socketWith({ services: [HUB] })
    const { stdout } = await benchkey('services list')
    expect(stdout).toMatch(/^NAME +ACTS FOR +FROM +INTEGRATIONS +SESSIONS +EXPIRES +LAST USED\n/)
    expect(stdout).toMatch(
      /\njupyterhub +user:ada group:staff +anywhere +all +3 of 100 +2027-02-22 12:00 UTC and 2026-11-25 12:00 UTC +2026-11-24 13:00 UTC\n$/,
    )
    expect(JSON.parse((await benchkey('service list --json')).stdout)).toEqual([HUB])
  })

  test('rotate prints the new token, and says how long the old one works', async () => {
    const socket = await socketWith({
      token: TOKEN,
      expiresAt: '2027-02-22T12:00:00.000Z',
      previousUntil: '2026-11-25T12:00:00.000Z',
    })
    const { stdout, stderr } = await benchkey('service rotate jupyterhub --overlap 0')
    expect(stdout).toBe(`${TOKEN}\n`)
    expect(stderr).toContain('until 2027-02-22 12:00 UTC; the one before works until 2026-11-25 12:00 UTC.')
    expect(socket.seen).toMatchObject([{ method: 'POST', path: '/services/jupyterhub/rotate', body: { overlapSeconds: 0 } }])
  })

  test('remove asks first', async () => {
    const socket = await socketWith({ endedSessions: 1 })
    expect((await benchkey('service remove jupyterhub')).code).toBe(2)
    expect(socket.seen).toMatchObject([{ method: 'GET', path: '/status' }])
    const { code, stderr } = await benchkey('service remove jupyterhub --yes')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'benchkey: Removed service jupyterhub; 1 session ended.\n' })
    expect(socket.seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/services/jupyterhub' })
  })
})

describe('a duration', () => {
  const now = new Date('2026-11-23T12:00:00Z')

  test.each([
    ['30m', 1800],
    ['12h', 43_200],
    ['90d', 7_776_000],
    ['4w', 2_419_200],
    ['0d', undefined],
    ['1y', undefined],
    ['-1d', undefined],
    ['1.5h', undefined],
    ['', undefined],
  ])('"%s" is %s seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  test('or a date names an instant; what is neither is refused', () => {
    expect(instantIn('expires', '2d', now)).toEqual(new Date('2026-11-25T12:00:00Z'))
    expect(instantIn('expires', '2027-01-31', now)).toEqual(new Date('2027-01-31T00:00:00Z'))
    expect(instantIn('expires', '2027-01-31T08:30Z', now)).toEqual(new Date('2027-01-31T08:30:00Z'))
    for (const text of ['2027-02-30', '31.01.2027', 'never'])
      expect(() => instantIn('expires', text, now)).toThrow('--expires is neither')
    expect(() => durationOf('overlap', '2')).toThrow('--overlap is no duration')
  })
})
