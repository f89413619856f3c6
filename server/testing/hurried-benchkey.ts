import { setTimeout } from 'node:timers/promises'
import { runCommandLine } from '../src/cli/run.ts'

/** The 30 minutes between two rotations of an RPC cookie pass in a second. */
const HURRY = 1800

// `benchkey` as bin.ts runs it, except that waiting takes less time. Started by tests as a process of its own.
process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  version: '0.0.0-test',
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  signals: process,
  executableDir: '/nowhere',
  asCaller: (start) => start(),
  sleep: (ms, signal) => setTimeout(ms / HURRY, undefined, signal ? { signal } : {}),
  startSessionHelper: () => Promise.reject(new Error('A hurried helper is of no use to any test.')),
  startServer: () => Promise.reject(new Error('A hurried server is of no use to any test.')),
  directories: () => ({ configDir: '/nowhere', dataDir: process.env.BENCHKEY_DATA_DIR ?? '/nowhere' }),
})
