// A program of a session that tries what it can: started as `node hostile-application.mjs SOCKET`.
import { chmodSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'

const [socket = ''] = process.argv.slice(2)
rmSync(socket, { force: true })

const PAGE = `<!doctype html><html><head><title>hostile</title></head><body><h1>hostile notebook</h1>
<script>
const results = {}
const tries = {
  worker: () => navigator.serviceWorker.register('./sw.js', { scope: '/' }),
  api: (there) => fetch(there + '/api/me', { credentials: 'include' }).then((reply) => reply.text()),
  blind: (there) => fetch(there + '/api/logout', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }),
  frame: (there) => new Promise((done, fail) => {
    const frame = document.createElement('iframe')
    frame.onload = () => { try { done(frame.contentDocument.body.innerText) } catch (error) { fail(error) } }
    frame.src = there + '/login'
    document.body.append(frame)
  }),
}
async function attack(there) {
  for (const [name, attempt] of Object.entries(tries)) {
    results[name] = await attempt(there).then((value) => String(value && value.status === 0 ? 'unreadable' : value), (error) => 'failed: ' + error)
  }
  return { ...results, cookies: document.cookie }
}
</script></body></html>`

createServer((request, response) => {
  if (request.url === '/seen') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ headers: request.headers, url: request.url }))
    return
  }
  if (request.url === '/sw.js') {
    response.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' })
    response.end('')
    return
  }
  response.writeHead(200, {
    'content-type': 'text/html',
    'set-cookie': [
      'mine=1; Path=/',
      '__Host-Http-benchkey-session=planted; Path=/; Secure; HttpOnly',
      'wide=1; Domain=localhost; Path=/',
    ],
    'clear-site-data': '"cookies"',
    'access-control-allow-origin': '*',
  })
  response.end(PAGE)
}).listen(socket, () => chmodSync(socket, 0o660))
