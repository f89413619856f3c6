import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Context, RunningServer } from './command.ts'
import { runCommandLine } from './run.ts'

interface Scene {
  readonly signals: EventEmitter
  readonly happened: string[]
  readonly output: PassThrough
  readonly errors: PassThrough
  readonly exitCode: Promise<number>
}

function serve(startServer: Context['startServer'], environment: Context['environment'] = {}): Omit<Scene, 'happened'> {
  const signals = new EventEmitter()
  const output = new PassThrough({ encoding: 'utf8' })
  const errors = new PassThrough({ encoding: 'utf8' })
  const exitCode = runCommandLine(['serve', '--data-dir', '/d'], {
    environment,
    version: '0',
    input: new PassThrough(),
    output,
    errors,
    signals: signals as unknown as Context['signals'],
    executableDir: '/',
    asCaller: (start) => start(),
    sleep: async () => undefined,
    startServer,
    startSessionHelper: () => Promise.reject(new Error('No helper is started here.')),
    directories: ({ dataDir = '' }) => ({ configDir: '/c', dataDir }),
  })
  return { signals, output, errors, exitCode }
}

function running(): Scene {
  const happened: string[] = []
  const server: RunningServer = {
    url: 'https://b.example:8443',
    close: async () => void happened.push('close'),
    reload: async () => {
      happened.push('reload')
      if (happened.length === 1) throw new Error('the file is away')
    },
  }
  const start = async ({ dataDir }: { dataDir: string }): Promise<RunningServer> => {
    expect(dataDir).toBe('/d')
    return server
  }
  return { ...serve(start), happened }
}

test.each(['SIGTERM', 'SIGINT'])('serve says when it is ready and drains at %s', async (signal) => {
  const { signals, output, exitCode, happened } = running()
  await expect.poll(() => output.read()).toBe('ready https://b.example:8443\n')
  signals.emit(signal)
  expect(await exitCode).toBe(0)
  expect(happened).toEqual(['close'])
  expect(signals.eventNames()).toEqual([])
})

test('a signal while the server starts ends it once it has started', async () => {
  const { signals, exitCode, happened } = running()
  signals.emit('SIGTERM')
  // The command's code loads first: the signal is heard from then on.
  await expect.poll(() => signals.eventNames().length).toBeGreaterThan(0)
  signals.emit('SIGTERM')
  expect(await exitCode).toBe(0)
  expect(happened).toEqual(['close'])
})

test('SIGHUP reloads, and a reload that fails is said and changes nothing', async () => {
  const { signals, output, errors, exitCode, happened } = running()
  await expect.poll(() => output.read()).toContain('ready')
  signals.emit('SIGHUP')
  await expect.poll(() => errors.read()).toBe('benchkey: The configuration was not reloaded: the file is away\n')
  signals.emit('SIGHUP')
  await expect.poll(() => happened).toEqual(['reload', 'reload'])
  signals.emit('SIGTERM')
  expect(await exitCode).toBe(0)
})

test.each([75, 78])('what keeps the server from starting is said in its own words, exit code %i', async (code) => {
  const setupError = Object.assign(new Error('Port 8443 is taken.\nStop the other server.'), {
    name: 'SetupError',
    exitCode: code,
  })
  const { errors, exitCode } = serve(() => Promise.reject(setupError))
  expect(await exitCode).toBe(code)
  expect(errors.read()).toBe('benchkey: Port 8443 is taken.\n  Stop the other server.\n')
})

test('a proxy of the environment is said not to count', async () => {
  const { errors, exitCode } = serve(() => Promise.reject(new Error('no server today')), { HTTPS_PROXY: 'http://u:p@proxy:3128' })
  await exitCode
  expect(errors.read()).toMatch(
    /^benchkey: HTTPS_PROXY in the environment of the server does not count: services are asked directly\.\n {2}Where a proxy is needed, write it in \/c\/env-vars\.\n/,
  )
})
