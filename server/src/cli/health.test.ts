import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeAdminSocket, runBenchkey, untilTestEnds } from '../../testing/command-line.ts'
import type { AdminHealth } from '../domain/admin-api.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'benchkey-health-test-'))
})

afterEach(() => rmSync(dataDir, { recursive: true }))

const health = (...args: string[]) => runBenchkey(['health', ...args], { BENCHKEY_DATA_DIR: dataDir })
const play = (body: unknown, status = 200) => untilTestEnds(fakeAdminSocket(dataDir, () => ({ body, status })))

const node = {
  ...{ host: 'bk-1', pid: 7, version: '1.0.0', isLive: true, configuration: 'aaaaaaaa' },
  ...{ startedAt: '2026-11-23T10:00:00.000Z', heartbeatAt: '2026-11-23T12:00:00.000Z' },
}
const well: AdminHealth = {
  ...{ isWell: true, version: '1.0.0', findings: [], nodes: [node] },
  facts: {
    users: 2,
    lockedUsers: 0,
    sessions: 1,
    integrations: 1,
    signIns: 3,
    signInsEnded: 0,
    signInsLost: 0,
    revocationsWaiting: 0,
  },
}

describe('benchkey health', () => {
  test('of a server that is well is one line with numbers, and 0', async () => {
    const socket = await play(well)
    expect(await health()).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'Everything is working.\n2 users · 1 session · 1 integration · 3 sign-ins · 1 node · sign-ins lost by Benchkey: 0 (30 days)\n',
    })
    expect(socket.seen).toMatchObject([{ method: 'GET', path: '/health' }])
    expect(JSON.parse((await health('--json')).stdout)).toEqual(well)
  })

  test('of one that is not begins with what needs somebody, names all nodes, and is 1', async () => {
    await play({
      ...well,
      isWell: false,
      findings: [
        { level: 'remark', about: 'integrations', fact: 'Box is slow.', action: 'Box sees to it.' },
        { level: 'problem', about: 'nodes', fact: 'The server\u001b[2J on bk-2 is silent.', action: 'Start it again.' },
      ],
      facts: { ...well.facts, lockedUsers: 1, signInsEnded: 2, signInsLost: 1, revocationsWaiting: 1 },
      nodes: [node, { ...node, host: 'bk-2', isLive: false }],
    })
    expect(await health()).toEqual({
      code: 1,
      stderr: '',
      stdout: [
        '1 thing needs you:',
        '✗ The server?[2J on bk-2 is silent.',
        '  Start it again.',
        '! Box is slow.',
        '  Box sees to it.',
        '2 users (1 locked) · 1 session · 1 integration · 3 sign-ins (2 to be renewed by their users) · 1 node · sign-ins lost by Benchkey: 1 (30 days) · 1 revocation waiting',
        '',
        'HOST  PROCESS  VERSION  CONFIGURATION  STARTED               STATE',
        'bk-1  7        1.0.0    aaaaaaaa       2026-11-23 10:00 UTC  live',
        'bk-2  7        1.0.0    aaaaaaaa       2026-11-23 10:00 UTC  silent since 2026-11-23 12:00 UTC',
        '',
      ].join('\n'),
    })
  })

  test('without a server is 75, and says how to start one', async () => {
    expect(await health()).toEqual({
      code: 75,
      stdout: '',
      stderr: expect.stringContaining(
        `benchkey: No Benchkey server runs on the data directory ${dataDir}.\n  Start it with: benchkey serve`,
      ),
    })
  })

  test('of a server that hangs up is 75', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((done) => server.listen(join(dataDir, 'admin.sock'), done))
    expect((await health()).code).toBe(75)
    await new Promise((done) => server.close(done))
  })

  test('that the server could not answer is 1', async () => {
    await play({ error: { code: 'internal', message: 'Benchkey could not answer; reference 0101.' } }, 500)
    expect(await health()).toEqual({ code: 1, stdout: '', stderr: 'benchkey: Benchkey could not answer; reference 0101.\n' })
  })
})
