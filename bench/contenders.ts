import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Children } from '../scripts/children.ts'
import type { Contender } from './rounds.ts'

/** One answer of Benchkey, as bytes on the wire and in parts. */
export interface Answer {
  readonly status: number
  /** Without those that Node writes itself (Date, Connection, Keep-Alive). */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly wireBytes: number
}

/** What a bare server answers to everything. */
export interface BareServerSpecification {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/** Starts bare `node:http`, or `node:https` with an identity, that answers what Benchkey answered. */
export async function startBare(
  children: Children,
  dir: string,
  answer: Answer,
  tls: BareServerSpecification['tls'],
): Promise<Contender> {
  const name = tls ? 'bare node:https' : 'bare node:http'
  const file = join(dir, `${tls ? 'https' : 'http'}.json`)
  const { status, headers, body, wireBytes } = answer
  const specification: BareServerSpecification = { status, headers, body, ...(tls ? { tls } : {}) }
  writeFileSync(file, JSON.stringify(specification), { mode: 0o600 })
  const program = join(import.meta.dirname, 'bare-server.ts')
  const started = await children.start({
    name,
    command: [process.execPath, program, file],
    logFile: `${file}.log`,
    ready: /^ready (http\S+)/,
  })
  return { name, url: started.ready, pid: started.pid, answerBytes: wireBytes }
}
