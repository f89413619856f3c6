import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Trouble } from '../scripts/trouble.ts'

/** The one request that all contenders get. */
export interface Load {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What wrk counted. */
export interface LoadResult {
  readonly requests: number
  /** Received, heads included. */
  readonly bytes: number
  /** Sockets that failed, timed out, or answered 400 and above. */
  readonly errors: number
  readonly p99Us: number
}

/** Writes the request as wrk's Lua script. */
export function writeLoadScript(file: string, load: Load): void {
  const headers = Object.entries(load.headers).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`)
  writeFileSync(
    file,
    `wrk.method = "POST"
wrk.path = ${lua(load.path)}
wrk.body = ${lua(load.body)}
${headers.join('\n')}
done = function(summary, latency, requests)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('\\n{"requests":%d,"bytes":%d,"errors":%d,"p99Us":%d}\\n',
    summary.requests, summary.bytes, errors, latency:percentile(99)))
end
`,
    { mode: 0o600 },
  )
}

/** Loads an address from one thread and 50 kept connections. */
export function runWrk(script: string, url: string, seconds: number): Promise<LoadResult> {
  return new Promise((answer, reject) => {
    const args = ['--threads', '1', '--connections', '50', '--duration', `${seconds}s`, '--script', script, url]
    execFile('wrk', args, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      if (error || !last.startsWith('{')) reject(new Trouble(`wrk could not load ${url}: ${stderr.trim() || stdout.trim()}`))
      else answer(JSON.parse(last))
    })
  })
}

/** A Lua string; JSON's escapes are Lua's as long as all is printable ASCII. */
function lua(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Trouble('A request of the benchmark must be printable ASCII.')
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
