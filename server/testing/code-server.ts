import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { VSCODE_PROGRAM } from '../src/domain/install-folder.ts'
import { type Running, startBenchkey } from './command-line.ts'
import { testIdeFolder } from './ide-folder.ts'
import type { ServerFiles } from './start-server.ts'

/** code-server in a session of a user, and the address where it answers. */
export interface CodeServer {
  readonly url: string
  /** The home that the session has, made for it. */
  readonly home: string
  readonly session: Running
  close(): Promise<void>
}

/** An extension of two files: its manifest's own members, and its code. */
export interface TestExtension {
  readonly name: string
  readonly contributes: unknown
  readonly code: string
}

/** Starts the installed code-server by `session run`, offline, without its first-start pages, and waits until it answers. */
export async function startCodeServer(
  files: Pick<ServerFiles, 'dataDir' | 'publicUrl'>,
  extensions: readonly TestExtension[] = [],
): Promise<CodeServer> {
  // Short: the path of a socket has 107 bytes.
  const home = mkdtempSync(join(tmpdir(), 'bk-ide-'))
  const socket = join(home, 'app.sock')
  writeHome(home, extensions)
  const words = [join(testIdeFolder(), VSCODE_PROGRAM), '--socket', socket, '--auth', 'none', '--disable-telemetry']
  const more = ['--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override']
  const folders = ['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')]
  const trusted = ['--link-protection-trusted-domains', files.publicUrl]
  const environment = { HOME: home, BENCHKEY_DATA_DIR: files.dataDir, EXTENSIONS_GALLERY: '{"serviceUrl":""}' }
  const command = ['session', 'run', '--', ...words, ...more, ...folders, ...trusted, join(home, 'work')]
  const session = startBenchkey(command, environment, { cwd: home })
  const door = await openDoor(socket)
  await vi.waitFor(() => assertAnswers(door.url, session), { timeout: 60_000, interval: 100 })
  return {
    ...{ url: door.url, home, session },
    close: async () => {
      door.close()
      session.child.kill('SIGTERM')
      await session.finished
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function writeHome(home: string, extensions: readonly TestExtension[]): void {
  mkdirSync(join(home, 'work'))
  mkdirSync(join(home, 'data/User'), { recursive: true, mode: 0o700 })
  const settings = { 'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden' }
  writeFileSync(join(home, 'data/User/settings.json'), JSON.stringify(settings))
  mkdirSync(join(home, 'extensions'))
  for (const { name, contributes, code } of extensions) {
    const folder = join(home, 'extensions', `test.${name}-1.0.0`)
    mkdirSync(folder)
    const manifest = {
      name,
      publisher: 'test',
      version: '1.0.0',
      engines: { vscode: '^1.96.0' },
      main: './extension.js',
      contributes,
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, activationEvents: [] }))
    writeFileSync(join(folder, 'extension.js'), code)
  }
}

/** A port on loopback in front of the socket, for a browser cannot open that: http://localhost is a secure context. */
async function openDoor(socket: string): Promise<{ url: string; close(): void }> {
  const open = new Set<Socket>()
  const server = createServer((inside) => {
    const outside = connect(socket)
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      open.add(from)
      from.on('close', () => open.delete(from))
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const close = (): void => {
    for (const each of open) each.destroy()
    server.close()
  }
  return { url: `http://localhost:${port}/`, close }
}

async function assertAnswers(url: string, session: Running): Promise<void> {
  if (session.child.exitCode !== null) throw new Error(`code-server ended: ${(await session.finished).stderr}`)
  const { status } = await fetch(`${url}healthz`)
  if (status !== 200) throw new Error(`code-server answers ${status}.`)
}
