import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeAuthority } from '../../testing/certificates.ts'
import { formatDiagnostic } from './diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './load.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-database-'))
  write('benchkey.conf', 'public-url=https://bench.example\ntrusted-proxies=10.0.0.1\n')
  mkdirSync(join(directory, 'secrets'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string, mode = 0o600): void {
  const path = join(directory, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
}

const load = (): Promise<LoadedConfiguration> =>
  loadConfiguration({ configDir: directory, dataDir: join(directory, 'data'), uid: process.getuid?.() ?? 0 })

/** The findings about a `database.conf` with these lines, as people read them. */
async function findings(...lines: readonly string[]): Promise<string[]> {
  write('database.conf', `${lines.join('\n')}\n`)
  const { diagnostics, configuration } = await load()
  expect(configuration === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'))
  return diagnostics.map((each) =>
    `${each.severity} ${formatDiagnostic(each).replaceAll(`${directory}/`, '')}`.replace('database.conf:', ''),
  )
}

async function database(...lines: readonly string[]) {
  expect(await findings(...lines)).toEqual([])
  return (await load()).configuration?.database
}

const POSTGRES = 'provider=postgresql'
const URI = 'connection-uri=postgresql://benchkey@db.example/benchkey'

describe('database.conf', () => {
  test('names a PostgreSQL, to which TLS is a matter of course', async () => {
    expect(await database(POSTGRES, URI)).toEqual({
      ...{ provider: 'postgresql', host: 'db.example', port: 5432, user: 'benchkey', database: 'benchkey' },
      ...{ tls: true, poolSize: 10, connectTimeoutMs: 5000 },
    })
  })

  test('takes everything that is written', async () => {
    write('ca.pem', (await makeAuthority()).pem, 0o644)
    const uri = 'connection-uri=postgres://u%40x:p%2Fw%3A%23@[::1]:6543/d%20b?sslmode=verify-full'
    expect(await database(POSTGRES, uri, 'ssl-ca-certificate=ca.pem', 'pool-size=20', 'connect-timeout=7')).toEqual({
      ...{ provider: 'postgresql', host: '::1', port: 6543, user: 'u@x', password: 'p/w:#', database: 'd b' },
      ...{ tls: true, sslCaCertificate: join(directory, 'ca.pem'), poolSize: 20, connectTimeoutMs: 7000 },
    })
  })

  test.each([
    ['127.0.0.1', { host: '127.0.0.1', tls: false }],
    ['[::1]', { host: '::1', tls: false }],
    ['localhost', { host: 'localhost', tls: false }],
    ['localhost.example', { host: 'localhost.example', tls: true }],
    // Some machines ask the network for such names.
    ['db.localhost', { host: 'db.localhost', tls: true }],
    ['10.0.0.1', { host: '10.0.0.1', tls: true }],
    ['[fd00::1]', { host: 'fd00::1', tls: true }],
  ])('does without TLS on this machine only: %s', async (host, expected) => {
    expect(await database(POSTGRES, `connection-uri=postgresql://u@${host}/d`)).toMatchObject(expected)
  })

  test('names a Unix socket by its directory', async () => {
    const uri = 'connection-uri=postgresql://u@/d?host=/run/postgresql&port=5433'
    expect(await database(POSTGRES, uri)).toMatchObject({ host: '/run/postgresql', port: 5433, tls: false })
  })

  test('may leave the password to a file', async () => {
    write('secrets/db', 'p%4w\n')
    expect(await database(POSTGRES, URI, 'password-file=secrets/db')).toMatchObject({ password: 'p%4w' })
  })
})

/** One line below provider=postgresql that is wrong; it stands in line 2. */
const URIS: readonly (readonly [uri: string, finding: string])[] = [
  ['mysql://u@h/d', 'is no PostgreSQL URI; write postgresql://user@host/database.'],
  ['host=h dbname=d', 'is no PostgreSQL URI; write postgresql://user@host/database.'],
  ['postgresql://u:p#w@h/d', 'holds a blank, #, quote, backslash or another character no URI has; percent-encode it (# is %23).'],
  ['postgresql://u:p@w@h/d', 'cannot be taken apart; percent-encode @, / and ? in user and password (%40, %2F, %3F).'],
  ['postgresql://u:p/w@h/d', 'cannot be taken apart; percent-encode @, / and ? in user and password (%40, %2F, %3F).'],
  ['postgresql://u:p%w@h/d', 'holds a % that is followed by no two hexadecimal digits; write %25 for the character itself.'],
  ['postgresql://u%00options%00-csearch_path=x@h/d', 'holds an encoded control character (%00 to %1F, %7F); remove it.'],
  ['postgresql://u@h/d%0a', 'holds an encoded control character (%00 to %1F, %7F); remove it.'],
  ['postgresql://u@/d?host=/run%00', 'holds an encoded control character (%00 to %1F, %7F); remove it.'],
  ['postgresql://h/d', 'names no user; write postgresql://user@host/database.'],
  ['postgresql://u@h', 'names no database; write postgresql://user@host/database.'],
  ['postgresql://u@h/', 'names no database; write postgresql://user@host/database.'],
  ['postgresql://u@/d', 'names no host; write postgresql://user@host/database, or ?host=/run/postgresql for a Unix socket.'],
  ['postgresql://u@a,b/d', 'names several hosts; write one.'],
  ['postgresql://u@h:0/d', 'has a port that is no number from 1 to 65535.'],
  ['postgresql://u@h:65536/d', 'has a port that is no number from 1 to 65535.'],
  ['postgresql://u@h/d?port=x', 'has a port that is no number from 1 to 65535.'],
  ['postgresql://u@h:1/d?port=1', 'names the port twice; keep one of the two.'],
  ['postgresql://u@h/d?host=/run', 'names the host twice; keep one of the two.'],
  ['postgresql://u@::1/d', 'has a host or port that cannot be read; an IPv6 address stands in brackets.'],
  ['postgresql://u@h%41/d', 'has a host that is neither a name nor an address; a directory begins with /.'],
  [`postgresql://u@/d?host=/${'x'.repeat(100)}`, 'names a directory with more than 92 bytes.'],
  ...['disable', 'prefer', 'require', 'verify-ca', ''].map(
    (mode) =>
      [
        `postgresql://u@h/d?sslmode=${mode}`,
        'asks for less than sslmode=verify-full; remove sslmode, Benchkey always verifies the certificate.',
      ] as const,
  ),
  ['postgresql://u@h/d?sslmode=verify-full&sslmode=disable', 'names sslmode twice; keep one of the two.'],
  [
    'postgresql://u@h/d?sslrootcert=x',
    'has a parameter about certificates; remove it, and write ssl-ca-certificate in a line of its own.',
  ],
  ['postgresql://u@h/d?application_name=x', 'has another parameter than host, port and sslmode; remove it.'],
  ['postgresql://u@/d?host=/run&sslmode=verify-full', 'asks for TLS over a Unix socket, which has none; remove it.'],
]

describe('a finding about database.conf', () => {
  test.each(URIS)('is told for connection-uri=%s', async (uri, finding) => {
    expect(await findings(POSTGRES, `connection-uri=${uri}`)).toEqual([`error 2: connection-uri: ${finding}`])
  })

  test('never repeats a password', async () => {
    for (const [uri] of URIS) {
      const told = await findings(POSTGRES, `connection-uri=${uri.replace('//u', '//u:pa55word')}`)
      expect(told.join('\n')).not.toContain('pa55word')
    }
  })

  test('is told for what is missing and mistyped', async () => {
    expect(await findings(POSTGRES)).toEqual(['error 1: connection-uri: is missing; provider=postgresql needs it.'])
    expect(await findings('provider=postgres', URI)).toEqual([
      'error 1: provider: is not a known provider; write sqlite or postgresql.',
    ])
    expect(await findings(POSTGRES, 'conection-uri=x', URI)).toEqual([
      'error 2: conection-uri: is not a known option. Did you mean connection-uri?',
    ])
    expect(await findings(POSTGRES, URI, URI)).toEqual([
      'error 3: connection-uri: is written twice; it first stands in line 2. Keep one of the two.',
    ])
    expect(await findings(POSTGRES, URI, 'pool-size=1', 'connect-timeout=61')).toEqual([
      'error 3: pool-size: is not a number of connections from 2 to 500.',
      'error 4: connect-timeout: is not a number of seconds from 1 to 60.',
    ])
  })

  test('is told for what belongs to the other provider', async () => {
    expect(await findings(URI, 'password-file=x', 'ssl-ca-certificate=x', 'pool-size=3', 'connect-timeout=3')).toEqual(
      ['connection-uri', 'password-file', 'ssl-ca-certificate', 'pool-size', 'connect-timeout'].map(
        (option, n) => `error ${n + 1}: ${option}: is of no use with provider=sqlite; remove one of the two.`,
      ),
    )
    expect(await findings(POSTGRES, URI, 'directory=/var/lib/benchkey')).toEqual([
      'error 3: directory: is of no use with provider=postgresql; remove one of the two.',
    ])
  })

  test('is told for a password that is written twice, and for a file it must not lie in', async () => {
    write('secrets/db', 'pa55word', 0o644)
    write('outside', 'pa55word')
    expect(await findings(POSTGRES, URI.replace('@', ':pa55word@'), 'password-file=outside')).toEqual(
      [
        'error 3: password-file: names a file outside the secrets directory; move it there (option secrets-dir of benchkey.conf).',
        'error 3: password-file: stands beside a password in connection-uri; keep exactly one of the two.',
      ].toReversed(),
    )
    expect(await findings(POSTGRES, URI, 'password-file=secrets/db')).toEqual([
      'error 3: password-file: names a file that is open to other accounts (mode 644); its mode must be 600 (chmod 600).',
    ])
  })

  test('is told for a CA that is none, is not there, or is of no use', async () => {
    write('ca.pem', 'no certificate', 0o644)
    expect(await findings(POSTGRES, URI, 'ssl-ca-certificate=ca.pem')).toEqual([
      'error 3: ssl-ca-certificate: names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).',
    ])
    expect(await findings(POSTGRES, URI, 'ssl-ca-certificate=none.pem')).toEqual([
      'error 3: ssl-ca-certificate: names a file that does not exist.',
    ])
    write('ca.pem', (await makeAuthority()).pem, 0o644)
    const socket = 'connection-uri=postgresql://u@/d?host=/run'
    expect(await findings(POSTGRES, socket, 'ssl-ca-certificate=ca.pem')).toEqual([
      'error 3: ssl-ca-certificate: asks for TLS over a Unix socket, which has none; remove it.',
    ])
  })

  test('is told for a file that others may read, whatever is in it', async () => {
    write('database.conf', `${POSTGRES}\n${URI}\n`, 0o640)
    const { diagnostics } = await load()
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'This file is open to other accounts (mode 640); its mode must be 600 (chmod 600).',
    ])
  })
})
