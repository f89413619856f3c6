import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfiguration } from '../src/config/load.ts'
import { type Application, fillTemplate } from '../src/domain/application.ts'
import { BENCHKEY, type Finished, startProcess } from './command-line.ts'
import { frontOfSocket, type SocketFront } from './socket-front.ts'
import type { ServerFiles } from './start-server.ts'

/** A shipped application that runs as the command of a session, with a way to it for a browser below `/s/t/`. */
export interface ShippedSession {
  readonly application: Application
  readonly socketPath: string
  /** Its home directory. */
  readonly home: string
  readonly front: SocketFront
  /** Ends it as the launcher does, by SIGTERM; what it left behind. */
  end(): Promise<Finished>
}

/** What a test gives a session besides. */
interface Besides {
  readonly environment?: Readonly<Record<string, string>>
  /** Called with its home before it starts. */
  readonly furnish?: (home: string) => void
}

/** Starts an application of the configuration by `benchkey session run` and waits until it is ready as `sessions.conf` says. */
export async function startShippedSession(files: ServerFiles, section: string, besides: Besides = {}): Promise<ShippedSession> {
  const { configDir, dataDir } = files
  const { configuration } = await loadConfiguration({ configDir, dataDir, uid: process.getuid?.() ?? 0 })
  const application = configuration?.applications.find((each) => each.section === section)
  if (!application) throw new Error(`There is no kind of session ${section}.`)
  const home = mkdtempSync(join(tmpdir(), 'benchkey-home-'))
  const socketPath = join(home, 'app.sock')
  besides.furnish?.(home)
  const facts = {
    'public-url': files.publicUrl,
    socket: socketPath,
    'base-path': '/s/t/',
    id: 't',
    name: 'analysis',
    'runtime-dir': home,
    home,
  }
  const fill = (text: string): string => fillTemplate(text, facts)
  const own = Object.entries(application.environment).map(([name, value]) => [name, fill(value)])
  const environment = {
    ...Object.fromEntries(own),
    BENCHKEY_DATA_DIR: dataDir,
    HOME: home,
    SHELL: '/bin/bash',
    PATH: '/usr/bin:/bin',
    ...besides.environment,
  }
  const words = [...BENCHKEY, 'session', 'run', '--', ...application.command.map(fill)]
  const { child, finished } = startProcess(words, environment, { cwd: home })
  let over: Finished | undefined
  void finished.then((result) => {
    over = result
  })
  const path = application.basePath === 'keep' ? `/s/t${application.readyPath}` : application.readyPath
  const deadline = Date.now() + application.readySeconds * 1000
  while (!(existsSync(socketPath) && (await answers(socketPath, path)))) {
    if (over) throw new Error(`${section} ended: ${over.stdout}${over.stderr}`)
    if (Date.now() > deadline) throw new Error(`${section} is not ready after ${application.readySeconds} s.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const front = await frontOfSocket(socketPath, application.basePath)
  return {
    ...{ application, socketPath, home, front },
    end: async () => {
      await front.close()
      child.kill('SIGTERM')
      const result = await finished
      rmSync(home, { recursive: true, force: true })
      return result
    },
  }
}

function answers(socketPath: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path, agent: false }, ({ statusCode = 500 }) => {
      resolve(statusCode < 500)
      asked.destroy()
    })
    asked.on('error', () => resolve(false)).end()
  })
}
