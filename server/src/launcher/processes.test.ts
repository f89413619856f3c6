import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { isAlive, readBootId, signal, startTimeOf } from './processes.ts'

const bootId = readBootId()

describe('a process mark', () => {
  test('tells a running process, by pid, start time and boot', () => {
    const mark = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId }
    expect(mark.startTime).toMatch(/^\d+$/)
    expect(isAlive(mark, bootId)).toBe(true)
    expect(isAlive({ ...mark, startTime: '1' }, bootId)).toBe(false)
    expect(isAlive({ ...mark, bootId: 'another boot' }, bootId)).toBe(false)
    expect(isAlive({ ...mark, pid: 2 ** 22 + 1 }, bootId)).toBe(false)
    expect(isAlive({ ...mark, pid: -1 }, bootId)).toBe(false)
  })

  test('is read rightly of a command whose name holds brackets and spaces', async () => {
    const child = spawn(process.execPath, ['-e', 'process.title = ") R 1 2 ("; console.log(); setInterval(() => {}, 1e6)'])
    await once(child.stdout, 'data')
    const startTime = startTimeOf(child.pid ?? 0)
    expect(Number(startTime)).toBeGreaterThan(Number(startTimeOf(process.pid)))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(startTimeOf(child.pid ?? 0)).toBeUndefined()
  })
})

describe('a signal', () => {
  test('reaches exactly the marked process', async () => {
    const child = spawn('sleep', ['600'])
    await once(child, 'spawn')
    const mark = { pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) ?? '', bootId }
    expect(signal({ ...mark, startTime: '1' }, bootId, 'SIGKILL')).toBe(false)
    expect(isAlive(mark, bootId)).toBe(true)
    expect(signal(mark, bootId, 'SIGTERM')).toBe(true)
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
    expect(signal(mark, bootId, 'SIGTERM')).toBe(false)
  })
})
