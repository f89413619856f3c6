import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, runBenchkey } from './command-line.ts'

/** A copy of a real session's variables and runtime directory, to be broken one by one. */
export interface DoctorRoom {
  readonly folder: string
  /** Of the copy. */
  readonly cookieFile: string
  readonly runtimeDirectory: string
  readonly variables: Readonly<Record<string, string>>
  /** Runs `benchkey doctor` with the copy's variables; `undefined` unsets one. */
  examine(changes?: Readonly<Record<string, string | undefined>>, ...options: string[]): Promise<Finished>
  /** Puts a program into the PATH of what is examined, which has nothing else. */
  addProgram(name: string, script: string): void
}

/** Copies a session whose `env` printed `printed`. */
export function copySession(printed: string): DoctorRoom {
  const folder = mkdtempSync(join(tmpdir(), 'benchkey-doctor-'))
  const real = Object.fromEntries(
    printed
      .split('\n')
      .flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
  ) as Record<string, string>
  const runtimeDirectory = join(folder, 'runtime')
  const programs = join(folder, 'programs')
  mkdirSync(runtimeDirectory, { mode: 0o700 })
  mkdirSync(programs)
  const cookieFile = join(runtimeDirectory, 'rpc_cookie')
  copyFileSync(join(real.PWB_SESSION_RUNTIME_DIR ?? '', 'rpc_cookie'), cookieFile)
  chmodSync(cookieFile, 0o600)
  const copy = { PWB_SESSION_RUNTIME_DIR: runtimeDirectory, BENCHKEY_SESSION_RUNTIME_DIR: runtimeDirectory, PATH: programs }
  const variables = { ...real, ...copy }
  return {
    ...{ folder, cookieFile, runtimeDirectory, variables },
    examine: (changes = {}, ...options) => {
      const all = Object.entries({ ...variables, ...changes })
      const kept = all.filter((entry): entry is [string, string] => entry[1] !== undefined)
      return runBenchkey(['doctor', ...options], { ...Object.fromEntries(kept) })
    },
    addProgram: (name, script) => {
      writeFileSync(join(programs, name), script)
      chmodSync(join(programs, name), 0o755)
    },
  }
}

/** A proxy on loopback that passes connections on, or answers each with a status. */
export async function startProxy(status?: number): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer()
  server.on('connect', (request, socket) => {
    const { hostname, port } = new URL(`http://${request.url}`)
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const onward = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.on('close', () => onward.destroy())
    onward.pipe(socket).pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://ada:proxy-secret@127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => server.close(() => done())),
  }
}

/** What is wrong, alone: each mark with its sentence and, after ` | `, what to do. */
export function findings({ stdout }: Finished): string[] {
  const checks = stdout.trimEnd().replaceAll('\n  ', ' | ').split('\n')
  return checks.filter((line) => /^[!✗]/.test(line))
}
