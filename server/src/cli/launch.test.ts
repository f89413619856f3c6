import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startProcess } from '../../testing/command-line.ts'
import type { Context } from './command.ts'
import { SignalRelay } from './launch.ts'

describe('SignalRelay', () => {
  function relayed(inForeground: boolean, ...names: NodeJS.Signals[]): unknown[] {
    const signals = new EventEmitter()
    const relay = new SignalRelay(signals as unknown as Context['signals'], () => inForeground)
    const passed: unknown[] = []
    relay.passTo({ kill: (signal) => passed.push(signal) > 0 })
    for (const name of names) signals.emit(name, name)
    return passed
  }

  test("leaves the keyboard's signals to the terminal when in its foreground", () => {
    expect(relayed(true, 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP')).toEqual(['SIGTERM', 'SIGHUP'])
  })

  test("passes the keyboard's signals on when no terminal does", () => {
    expect(relayed(false, 'SIGINT', 'SIGQUIT', 'SIGUSR1')).toEqual(['SIGINT', 'SIGQUIT', 'SIGUSR1'])
  })

  test('remembers a signal that came before the command', () => {
    const signals = new EventEmitter()
    const relay = new SignalRelay(signals as unknown as Context['signals'], () => true)
    expect(relay.early).toBeUndefined()
    signals.emit('SIGINT', 'SIGINT')
    expect(relay.early).toBe('SIGINT')
  })
})

describe('isInForeground', () => {
  const module = join(import.meta.dirname, 'process-facts.ts')
  const program = `import('${module}').then((facts) => console.log(facts.isInForeground()))`

  test('is true on a terminal', async () => {
    const line = `exec '${process.execPath}' -e "${program}"`
    const { stdout } = await startProcess(['script', '--quiet', '--return', '--command', line, '/dev/null']).finished
    expect(stdout.trim()).toBe('true')
  })

  test('is false without one', async () => {
    const { stdout } = await startProcess(['setsid', '--wait', process.execPath, '-e', program]).finished
    expect(stdout.trim()).toBe('false')
  })
})
