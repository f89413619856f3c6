import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'

/** A Git server over https that lets in who has a good password. */
export interface GitServer {
  /** `localhost:PORT` */
  readonly host: string
  /** User name and password of every request that had some. */
  readonly logins: readonly { readonly userName: string; readonly password: string }[]
  close(): Promise<void>
}

/** Serves the bare repositories below `root` with Git's own http-backend(1). */
export async function startGitServer(options: {
  readonly leaf: { readonly certificate: string; readonly key: string }
  readonly root: string
  readonly accepts: (password: string) => Promise<boolean>
}): Promise<GitServer> {
  const logins: { userName: string; password: string }[] = []
  const server = createServer({ cert: options.leaf.certificate, key: options.leaf.key }, (request, response) => {
    serve(request, response).catch((error: Error) => response.destroy(error))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, basic = ''] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? []
    const [userName = '', password = ''] = Buffer.from(basic, 'base64').toString().split(':')
    if (basic !== '') logins.push({ userName, password })
    if (basic !== '' && (await options.accepts(password))) answer(request, response, options.root)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
  }

  return {
    logins,
    host: `localhost:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

/** One request through CGI (RFC 3875). */
function answer(request: IncomingMessage, response: ServerResponse, root: string): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'https://localhost')
  const header = (name: string): string => String(request.headers[name] ?? '')
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      // The repositories were made by this very account.
      HOME: root,
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      HTTP_GIT_PROTOCOL: header('git-protocol'),
    },
  })
  pipeline(request, child.stdin, () => undefined) // It may end before it has read everything.
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('close', () => {
    const all = Buffer.concat(chunks)
    const end = all.indexOf('\r\n\r\n')
    const lines = all.subarray(0, end).toString().split('\r\n')
    const headers = lines.map((line) => line.split(': ', 2) as [string, string])
    const status = Number(/^\d+/.exec(headers.find(([name]) => name === 'Status')?.[1] ?? '200')?.[0])
    response.writeHead(status, Object.fromEntries(headers)).end(all.subarray(end + 4))
  })
}
