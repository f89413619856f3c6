import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShell, type SessionShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'

/** Without an authority to believe, a call over the network fails: what works goes over the socket. */
const OVER_SOCKET = 'REQUESTS_CA_BUNDLE=/nowhere CURL_CA_BUNDLE=/nowhere'
const OVER_NETWORK = 'BENCHKEY_SERVER_SOCKET='

describe('a session on the host of its server', () => {
  let world: SessionWorld
  let other: SessionWorld
  let shell: SessionShell

  beforeAll(async () => {
    world = await startSessionWorld()
    other = await startSessionWorld()
    shell = openShell(world.files)
  })

  afterAll(async () => {
    await shell.exit()
    expect([await world.close(), await other.close()]).toEqual([0, 0])
  })

  const socketOf = ({ files }: SessionWorld): string => join(files.dataDir, 'rpc.sock')

  it('is given the socket of that very server, and asks there', async () => {
    const second = openShell(other.files)
    for (const [each, whose] of [
      [shell, world],
      [second, other],
    ] as const) {
      expect((await each.ask('echo "$BENCHKEY_SERVER_SOCKET"')).stdout).toBe(`${socketOf(whose)}\n`)
      expect((await each.ask('benchkey session env')).stdout).toContain(`export BENCHKEY_SERVER_SOCKET='${socketOf(whose)}'\n`)
      expect(await each.ask(`${OVER_SOCKET} benchkey token demo`)).toMatchObject({ code: 0, stderr: '' })
    }
    await second.exit()
  })

  it('is answered the same words over the socket and over the network', async () => {
    for (const command of ['token box-integration', 'token nothing', 'integrations', 'integrations --json']) {
      const [local, far] = [await shell.ask(`benchkey ${command}`), await shell.ask(`${OVER_NETWORK} benchkey ${command}`)]
      expect(local).toEqual(far)
    }
    const ended = 'RS_SESSION_RPC_COOKIE="a|b|c" PWB_SESSION_RUNTIME_DIR= BENCHKEY_SESSION_RUNTIME_DIR='
    const [local, far] = [
      await shell.ask(`${ended} benchkey token demo`),
      await shell.ask(`${OVER_NETWORK} ${ended} benchkey token demo`),
    ]
    expect(local).toMatchObject({ code: 1, stdout: '' })
    expect(local).toEqual(far)
  })

  it('with the socket of another server still asks its own', async () => {
    const reply = await shell.ask(`BENCHKEY_SERVER_SOCKET='${socketOf(other)}' benchkey token demo`)
    expect(reply).toMatchObject({ code: 0, stderr: '' })
  })

  it('goes on when the server is stopped, killed and started again', async () => {
    const away = /^benchkey: Benchkey at localhost:\d+ refused the connection\./
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      world.serve.child.kill(signal)
      await world.serve.finished
      expect(existsSync(socketOf(world))).toBe(signal === 'SIGKILL')
      const reply = await shell.ask('benchkey token demo')
      expect(reply).toMatchObject({ code: 75, stdout: '' })
      expect(reply.stderr).toMatch(away)
      await world.startAgain()
      expect(await shell.ask(`${OVER_SOCKET} benchkey token demo`)).toMatchObject({ code: 0, stderr: '' })
    }
  })

  it('does not hand the socket on to a session of a server without one', async () => {
    const bare = await startSessionWorld({ serverLines: ['session-socket=none'] })
    const inner = openShell(bare.files, { environment: { BENCHKEY_SERVER_SOCKET: socketOf(world) } })
    expect((await inner.ask('echo "<$BENCHKEY_SERVER_SOCKET>"')).stdout).toBe('<>\n')
    expect(existsSync(socketOf(bare))).toBe(false)
    expect((await inner.ask('benchkey token demo')).code).toBe(0)
    await inner.exit()
    expect(await bare.close()).toBe(0)
  })

  it('is asked by the doctor over both ways', async () => {
    expect((await shell.ask('benchkey doctor')).stdout).toContain(`✓ The session socket ${socketOf(world)} answers; `)
  })
})
