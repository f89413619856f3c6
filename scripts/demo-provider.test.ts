import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('demo-provider.ts', import.meta.url))
const started: ChildProcessWithoutNullStreams[] = []
const folders: string[] = []

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function start(port = 0): Promise<{ child: ChildProcessWithoutNullStreams; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'benchkey-demo-'))
  folders.push(folder)
  const clients = [{ id: 'demo', secret: 's', method: 'client-secret-post', redirectUris: ['https://localhost:8443/cb'] }]
  await writeFile(join(folder, 'clients.json'), JSON.stringify(clients))
  const state = join(folder, 'state')
  const options = ['--port', String(port), '--clients', join(folder, 'clients.json'), '--state', state]
  const child = spawn(process.execPath, [PROGRAM, ...options])
  started.push(child)
  return { child, folder }
}

async function readyAddress(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return String(line).replace(/^ready /, '')
}

describe('the demo provider', () => {
  test('prints its address, keeps its state to itself, and ends when its parent is gone', async () => {
    const { child, folder } = await start()
    const address = await readyAddress(child)
    expect((await fetch(`${address}/me`)).status).toBe(401)
    expect((await stat(join(folder, 'state', 'demo-provider.db'))).mode & 0o777).toBe(0o600)
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('ends with exit code 0 on SIGTERM', async () => {
    const { child } = await start()
    await readyAddress(child)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('says in one sentence that its port is in use', async () => {
    const first = await start()
    const port = Number(new URL(await readyAddress(first.child)).port)
    const second = await start(port)
    const errors: string[] = []
    createInterface({ input: second.child.stderr }).on('line', (line) => errors.push(line))
    expect(await once(second.child, 'close')).toEqual([1, null])
    expect(errors).toEqual([
      `demo-provider: Port ${port} is in use by another program; stop that program or choose another port.`,
    ])
  })
})
