import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { openSessionProxyRoom, SESSION, type SessionProxyRoom } from '../testing/session-proxy-room.ts'

let room: SessionProxyRoom
const HOME = `/s/${SESSION}/`

afterEach(() => room.close())

describe('the process of the session pages', () => {
  test('has an empty environment, and no file or socket of the server but the channel between the two', async () => {
    room = await openSessionProxyRoom()
    await room.ask(HOME)
    const pid = room.proxy.pid ?? 0
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .filter((entry) => entry !== '')
    expect(environment.map((entry) => entry.split('=')[0])).toEqual(['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'])
    const open = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    const files = open.filter((target) => target.startsWith('/') && target !== '/dev/null')
    expect(files).toEqual([])
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).not.toContain('BEGIN')
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
  })

  test('that dies is started again on the same port, and says so', async () => {
    room = await openSessionProxyRoom()
    const first = room.proxy.pid ?? 0
    process.kill(first, 'SIGKILL')
    // The problem itself lasts for a moment only.
    const why = 'Its process ended (SIGKILL).'
    const message = 'The session pages do not answer; they are started again.'
    await expect.poll(() => room.logged).toContain(JSON.stringify({ why, message }))
    await expect.poll(() => room.proxy.problem).toBeUndefined()
    expect(room.proxy.pid).not.toBe(first)
    expect(await room.ask(HOME)).toMatchObject({ status: 200 })
  })

  test('tells which sessions are used', async () => {
    room = await openSessionProxyRoom()
    await room.ask(HOME)
    await expect.poll(() => room.touched).toContain(SESSION)
  })
})

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)]
  } catch {
    return [] // Closed meanwhile.
  }
}
