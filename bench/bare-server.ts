// The limit: the runtime's own server, doing nothing but answering the same bytes. usage: bare-server.ts SPECIFICATION.json
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { BareServerSpecification } from './contenders.ts'

const specification: BareServerSpecification = JSON.parse(readFileSync(String(process.argv[2]), 'utf8'))
const { status, headers, tls } = specification
const body = Buffer.from(specification.body)
const answer: RequestListener = (_request, response) => {
  response.writeHead(status, headers)
  response.end(body)
}
const server = tls ? createHttpsServer({ cert: tls.certificate, key: tls.key }, answer) : createHttpServer(answer)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  process.stdout.write(`ready ${tls ? 'https' : 'http'}://127.0.0.1:${port}\n`)
})
process.on('SIGTERM', () => process.exit(0))
process.stdin.on('end', () => process.exit(0)).resume()
