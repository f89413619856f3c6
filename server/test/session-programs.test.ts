import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JupyterClient } from '../testing/jupyter-client.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { type ShippedSession, startShippedSession } from '../testing/shipped-session.ts'
import { TerminalClient } from '../testing/terminal-client.ts'
import { printedToken, TOKEN_CODE } from '../testing/token-code.ts'

let world: SessionWorld
beforeAll(async () => {
  world = await startSessionWorld()
})
afterAll(async () => {
  expect(await world.close()).toBe(0)
})

describe('a Jupyter session', () => {
  let jupyter: ShippedSession
  let client: JupyterClient
  const kernels = { python: '', r: '' }

  beforeAll(async () => {
    jupyter = await startShippedSession(world.files, 'jupyter')
    client = new JupyterClient(jupyter.front.url)
    expect(await client.open()).toBe(200)
    kernels.python = String(await client.startKernel('python3'))
    kernels.r = String(await client.startKernel('ir'))
  }, 120_000)

  it('has a socket for its group, and answers below its own path only', async () => {
    expect(statSync(jupyter.socketPath).mode & 0o777).toBe(0o660)
    expect((await fetch(`${jupyter.front.url}api`)).status).toBe(200)
    expect((await fetch(new URL('/tree', jupyter.front.url))).status).toBe(404)
  })

  it('gives its R and Python kernels the session, and both get the same token', { timeout: 120_000 }, async () => {
    const python = printedToken(await client.run(kernels.python, TOKEN_CODE.python(world.uid)))
    const r = printedToken(await client.run(kernels.r, TOKEN_CODE.r(world.uid)))
    expect(python).toMatch(/^[\w-]{20,}$/)
    expect(r).toBe(python)
  })

  it('has no port on which another account could read what its kernels print', () => {
    const listening = new Set(listeningInodes())
    const ports = (pids: string[]): number => [...inodesOf(pids)].filter((inode) => listening.has(inode)).length
    const isPython = (pid: string): boolean => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('ipykernel_launcher')
    const pids = processesOf(jupyter.home)
    expect(pids.length).toBeGreaterThanOrEqual(4)
    expect(ports(pids.filter((pid) => !isPython(pid)))).toBe(0)
    // ipykernel has one, whatever it is told: a PULL socket (iostream.py) that takes output under a random key and gives none.
    expect(ports(pids.filter(isPython))).toBeLessThanOrEqual(1)
  })

  it('refuses pages of another origin, and requests that do not repeat its cookie', async () => {
    const stranger = new JupyterClient(jupyter.front.url, 'https://evil.example')
    await stranger.open()
    expect([403, 404]).toContain(await stranger.startKernel('python3'))
    await expect(stranger.run(kernels.python, 'print(1)')).rejects.toThrow(/40[34]/)
    expect(await new JupyterClient(jupyter.front.url).startKernel('python3')).toBe(403)
  })

  it('ends on SIGTERM with its kernels, and leaves nothing in /tmp', async () => {
    const mine = processesOf(jupyter.home)
    const directory = /JUPYTER_RUNTIME_DIR=([^\0]+)/.exec(mine.map(environmentOf).join('\0'))?.[1] ?? ''
    expect(directory).toMatch(/^\/tmp\/jupyter-\w{10}$/)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    await jupyter.end()
    expect(() => statSync(directory)).toThrow('ENOENT')
    await expect.poll(() => processesOf(jupyter.home)).toEqual([])
  })
})

describe('a terminal session', () => {
  it('gives its shells, R and Python the session, and all get the same token', async () => {
    const session = await startShippedSession(world.files, 'terminal')
    const terminal = new TerminalClient(session.front.url)
    await terminal.ready()
    expect(terminal.shells).toEqual(['bash', 'R', 'Python'])
    const token = await terminal.say('echo "<$(benchkey token demo)>"', printedToken)
    await terminal.start('r', /> $/)
    expect(await terminal.say(TOKEN_CODE.r(world.uid), printedToken)).toBe(token)
    await terminal.start('python', />>> /)
    expect(await terminal.say(TOKEN_CODE.python(world.uid), printedToken)).toBe(token)
    expect((await session.end()).stderr).toBe('')
  })
})

/** Processes with this home directory. */
function processesOf(home: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(`HOME=${home}\0`))
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return '' // It ended meanwhile.
  }
}

/** Of all TCP sockets that listen: column 10 of /proc/net/tcp, where column 4 is 0A. */
function listeningInodes(): string[] {
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A')
    .map((columns) => columns[9] ?? '')
}

function inodesOf(pids: readonly string[]): Set<string> {
  const inodes = new Set<string>()
  for (const pid of pids) {
    for (const target of descriptorsOf(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode !== undefined) inodes.add(inode)
    }
  }
  return inodes
}

function descriptorsOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`))
  } catch {
    return [] // It ended meanwhile.
  }
}
