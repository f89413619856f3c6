import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Children } from '../scripts/children.ts'
import { installMissing, needs } from '../scripts/system-packages.ts'
import { runScript, step, Trouble } from '../scripts/trouble.ts'
import { startPostgres } from '../server/testing/postgres.ts'
import { startBenchkey } from './benchkey.ts'
import { type Answer, startBare } from './contenders.ts'
import { type Contender, type Effort, type Figures, ratio, runRounds } from './rounds.ts'
import { median } from './statistics.ts'
import { type Load, writeLoadScript } from './wrk.ts'

const root = resolve(import.meta.dirname, '..')
/** Under 60 s with everything around it. */
const QUICK: Effort = { rounds: 4, seconds: 2, warmUpSeconds: 2 }
const FULL: Effort = { rounds: 7, seconds: 10, warmUpSeconds: 3 }

/** CPU per token fetch against the runtime's own server in the same run (performance.md). */
async function main(): Promise<number> {
  const { quick, json, postgres } = readOptions(process.argv.slice(2))
  installMissing([needs.wrk])
  const dir = mkdtempSync(join(tmpdir(), 'benchkey-bench-'))
  const whenEnded: (() => void | Promise<void>)[] = [() => rmSync(dir, { recursive: true, force: true })]
  const children = new Children(10_000)
  const stop = stopOnSignal()
  try {
    const databaseConf = postgres ? await startDatabase(whenEnded) : []
    const result = await Promise.race([measure({ children, dir, whenEnded, databaseConf }, quick ? QUICK : FULL), stop])
    if (json) process.stdout.write(`${JSON.stringify(result.ratios)}\n`)
    else process.stdout.write(result.table)
    if (!quick && !postgres) writeResult(result)
    return 0
  } finally {
    await children.stop()
    for (const cleanUp of whenEnded) await cleanUp()
  }
}

/** A PostgreSQL on this machine, over TLS as it would be elsewhere. */
async function startDatabase(whenEnded: (() => void | Promise<void>)[]): Promise<readonly string[]> {
  step('Starting PostgreSQL …')
  const server = await startPostgres()
  whenEnded.push(() => server.close())
  const { uri } = await server.createDatabase()
  return ['provider=postgresql', `connection-uri=${uri}`, `ssl-ca-certificate=${server.caFile}`]
}

interface Bench {
  readonly children: Children
  readonly dir: string
  readonly whenEnded: (() => void | Promise<void>)[]
  readonly databaseConf: readonly string[]
}

interface Result {
  readonly ratios: { readonly https_cpu_ratio: number; readonly http_cpu_ratio: number }
  readonly table: string
  readonly figures: ReadonlyMap<string, Figures>
}

async function measure({ children, dir, whenEnded, databaseConf }: Bench, effort: Effort): Promise<Result> {
  step('Starting Benchkey and signing in …')
  const benchkey = await startBenchkey(children, whenEnded, databaseConf)
  const answer = await ask(benchkey.port, benchkey.load)
  const own = { pid: benchkey.pid, answerBytes: answer.wireBytes }
  const https: Contender = { ...own, name: 'Benchkey https', url: `https://127.0.0.1:${benchkey.port}` }
  const http: Contender = { ...own, name: 'Benchkey http', url: `http://127.0.0.1:${benchkey.port}` }
  const bareHttps = await startBare(children, dir, answer, benchkey.identity)
  const bareHttp = await startBare(children, dir, answer, undefined)
  const script = join(dir, 'load.lua')
  writeLoadScript(script, benchkey.load)
  const figures = await runRounds([bareHttps, https, bareHttp, http], script, effort, step)
  const after = await ask(benchkey.port, benchkey.load)
  if (after.body !== answer.body) throw new Trouble('Benchkey gave another token after the load than before it.')
  const compare = (one: string, bare: string) => round(ratio(figures.get(one)?.cpuUs ?? [], figures.get(bare)?.cpuUs ?? []))
  const ratios = {
    https_cpu_ratio: compare(https.name, bareHttps.name),
    http_cpu_ratio: compare(http.name, bareHttp.name),
  }
  return { ratios, figures, table: tableOf(figures, ratios) }
}

function readOptions(args: string[]): { quick: boolean; json: boolean; postgres: boolean } {
  try {
    const flag = { type: 'boolean', default: false } as const
    const options = { quick: flag, json: flag, postgres: flag }
    return parseArgs({ args, options }).values
  } catch {
    throw new Trouble('usage: npm run bench -- [--quick] [--json] [--postgres]', 2)
  }
}

function stopOnSignal(): Promise<never> {
  return new Promise((_answer, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => reject(new Trouble('Stopped.', 130)))
  })
}

/** One fetch, told apart into what the bare servers must repeat. */
function ask(port: number, load: Load): Promise<Answer> {
  return new Promise((answer, reject) => {
    const headers = { ...load.headers, 'Content-Length': String(Buffer.byteLength(load.body)) }
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: load.path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        if (response.statusCode !== 200 || typeof JSON.parse(body).access_token !== 'string') {
          reject(new Trouble(`Benchkey gave no token: ${response.statusCode} ${body.slice(0, 200)}`))
          return
        }
        answer(answerOf(response.statusCode, response.rawHeaders, body))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(load.body)
  })
}

function answerOf(status: number, rawHeaders: readonly string[], body: string): Answer {
  const pairs = Array.from(
    { length: rawHeaders.length / 2 },
    (_, at) => [rawHeaders[2 * at] ?? '', rawHeaders[2 * at + 1] ?? ''] as const,
  )
  const head = ['HTTP/1.1 200 OK', ...pairs.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
  const headers = Object.fromEntries(pairs.filter(([name]) => !/^(date|connection|keep-alive)$/i.test(name)))
  return { status, headers, body, wireBytes: Buffer.byteLength(head) + Buffer.byteLength(body) }
}

function tableOf(figures: ReadonlyMap<string, Figures>, ratios: Result['ratios']): string {
  const rows = [...figures].map(([name, { cpuUs, p99Us, perSecond }]) =>
    [
      name.padEnd(18),
      `${median(cpuUs).toFixed(1)} (${Math.min(...cpuUs).toFixed(1)}–${Math.max(...cpuUs).toFixed(1)})`.padStart(20),
      `${(median(p99Us) / 1000).toFixed(2)}`.padStart(9),
      `${Math.round(median(perSecond))}`.padStart(11),
    ].join(' '),
  )
  return `${['                    CPU µs a request    p99 ms  requests/s', ...rows].join('\n')}

CPU per fetch, Benchkey over bare: https ${ratios.https_cpu_ratio}, http ${ratios.http_cpu_ratio}
`
}

function writeResult(result: Result): void {
  const at = new Date().toISOString()
  const dir = join(root, 'bench/results')
  mkdirSync(dir, { recursive: true })
  const document = { at, ...result.ratios, figures: Object.fromEntries(result.figures) }
  writeFileSync(join(dir, `${at.slice(0, 10)}.json`), `${JSON.stringify(document, null, 2)}\n`)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

await runScript(main)
