// The program of terminal sessions: `main.ts SOCKET`, run as the session's own account and with its variables.
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { findShells } from './shells.ts'
import { serveTerminal } from './terminal-server.ts'

const PAGE = resolve(import.meta.dirname, '../../../web/terminal/dist')

const { BROWSER_TITLE: title = 'Terminal', ...environment } = process.env
const [, , socketPath] = process.argv

try {
  if (socketPath === undefined) throw new Error('The path of its socket is missing.')
  const plan = {
    title,
    shells: findShells(environment, isProgram),
    folder: homedir(),
    environment: environment as Record<string, string>,
  }
  const close = await serveTerminal(plan, { socketPath, pageFolder: PAGE })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => void close().then(() => process.exit(0)))
  }
} catch (error) {
  process.stderr.write(`The terminal cannot be served: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

function isProgram(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && (stats.mode & 0o111) !== 0
}
