import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type RegisteredClient, startAuthorizationServer } from '../server/testing/authorization-server.ts'

/**
 * The demo's authorization server, a process of its own. Prints one line, `ready URL`, and ends with SIGTERM, SIGINT, or when
 * the pipe on stdin closes because whoever started it is gone.
 *
 * --port N          0 = any free port
 * --clients FILE    JSON: [{"id", "secret", "method", "redirectUris"}], a file because argv is seen by every user
 * --state DIR       keeps grants and tokens over restarts
 * --token-seconds N life of access tokens, default 300
 * --certificate FILE --key FILE   PEM, serves https
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    clients: { type: 'string' },
    state: { type: 'string' },
    'token-seconds': { type: 'string', default: '300' },
    certificate: { type: 'string' },
    key: { type: 'string' },
  },
})

if (values.clients === undefined || values.state === undefined) {
  process.stderr.write('demo-provider: --clients FILE and --state DIR are needed.\n')
  process.exit(2)
}

process.umask(0o077)
mkdirSync(values.state, { recursive: true })
chmodSync(values.state, 0o700)
const clients: RegisteredClient[] = JSON.parse(readFileSync(values.clients, 'utf8'))
const tls =
  values.certificate === undefined || values.key === undefined
    ? undefined
    : { certificate: readFileSync(values.certificate, 'utf8'), key: readFileSync(values.key, 'utf8') }

// oidc-provider writes notices to the console; stdout belongs to the ready line.
console.info = console.error
console.warn = console.error

try {
  const server = await startAuthorizationServer({
    port: Number(values.port),
    clients,
    rotate: true,
    accessTokenSeconds: Number(values['token-seconds']),
    stateFile: join(values.state, 'demo-provider.db'),
    ...(tls === undefined ? {} : { tls }),
  })
  let ending = false
  const end = async (): Promise<void> => {
    if (ending) return
    ending = true
    await server.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void end())
  process.on('SIGINT', () => void end())
  process.stdin.on('end', () => void end()).on('error', () => void end())
  process.stdin.resume()
  process.stdout.write(`ready ${server.issuer}\n`)
} catch (error) {
  process.stderr.write(`demo-provider: ${sentenceOf(error)}\n`)
  process.exit(1)
}

function sentenceOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `Port ${values.port} is in use by another program; stop that program or choose another port.`
  return error instanceof Error ? error.message : String(error)
}
