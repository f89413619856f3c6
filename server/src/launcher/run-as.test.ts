import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { runAsSelf } from './run-as.ts'

const SAID_LATE = `(sleep 0.2; echo said; : > "$0/done") & echo $$ > "$0/pid"`
/** Longer than what is left in the background may hold the output open. */
const STALL_MS = 700

// The server is busy from the end of the program on until its patience is over, and what was printed meanwhile lies in the pipe.
test('what a program printed is read, however late the process comes to look', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'benchkey-run-as-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const pidFile = join(folder, 'pid')
  const left = runAsSelf(undefined, ['/bin/sh', '-c', SAID_LATE, folder])
  const pid = () => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '')
  while (pid() === '' || existsSync(`/proc/${pid()}`)) await setImmediate()
  const until = performance.now() + STALL_MS
  while (performance.now() < until || !existsSync(join(folder, 'done'))) stall(20)
  expect(await left).toMatchObject({ code: 0, stdout: 'said\n' })
})

/** The event loop stands still. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
