// An application for sessions in tests: answers at the socket or port it is given, and does what the path says.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [where = '', behaviour = ''] = process.argv.slice(2)
if (behaviour === 'fail') {
  console.error('cannot open the frobnicator')
  process.exit(3)
}
const replies = {
  '/env': () =>
    JSON.stringify({ ...process.env, cwd: process.cwd(), uid: process.getuid(), pid: process.pid, umask: process.umask() }),
  '/cookie': () => readFileSync(`${process.env.PWB_SESSION_RUNTIME_DIR}/rpc_cookie`, 'utf8'),
  '/exit': () => process.exit(7),
  '/stray': () => {
    spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref()
    return 'up'
  },
  '/limits': () => readFileSync('/proc/self/limits', 'utf8'),
}
const server = createServer((request, response) => {
  if (process.env.SMALL_SECRET && request.headers['x-small-secret'] !== process.env.SMALL_SECRET) {
    response.writeHead(403).end()
    return
  }
  if (hangs) return
  if (request.url === '/hang') hangs = true
  response.end(replies[request.url]?.() ?? 'up')
})
let hangs = behaviour === 'hang'
if (behaviour === 'deaf') process.on('SIGTERM', () => console.log('no'))
server.listen(/^\d+$/.test(where) ? { host: '127.0.0.1', port: Number(where) } : where, () => console.log(`up at ${where}`))
