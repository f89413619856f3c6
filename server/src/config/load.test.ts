import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { processorMsOf } from '../../testing/processor-time.ts'
import { formatDiagnostic } from './diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './load.ts'
import { CONFIGURATION_REFERENCE } from './reference.ts'

const UID = process.getuid?.() ?? 0
const SERVER = 'public-url=https://bench.example\ntrusted-proxies=10.0.0.1\n'
/** product.md, *What the reference system does*: must work as it stands. */
const REFERENCE_EXAMPLE = `[box-integration]
name=Box API Access
client-id=your-box-client-id
client-secret=your-box-client-secret
authorization-url=https://account.box.com/api/oauth2/authorize
token-url=https://account.box.com/api/oauth2/token

[custom-api]
name=Company Internal API
client-id=internal-api-client-id
client-secret=internal-api-client-secret
authorization-url=https://api.company.com/oauth/authorize
token-url=https://api.company.com/oauth/token
scopes=read,write
`
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-load-'))
  write('benchkey.conf', SERVER)
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string | Uint8Array): void {
  writeFileSync(join(directory, name), content)
  chmodSync(join(directory, name), 0o600)
}

const load = (): Promise<LoadedConfiguration> =>
  loadConfiguration({ configDir: directory, dataDir: join(directory, 'data'), uid: UID })
const section = (name: string, more = '') =>
  `[${name}]\nclient-id=id\nclient-secret=s3cr3t\nauthorization-url=https://as.example/a\ntoken-url=https://as.example/t\n${more}`

describe('loading', () => {
  test('takes the reference’s example as it stands, with warnings only', async () => {
    write('oauth-clients.conf', REFERENCE_EXAMPLE)
    const { configuration, diagnostics } = await load()
    expect(diagnostics.map(({ severity, line }) => [severity, line])).toEqual([
      ['warning', 4],
      ['warning', 8],
      ['warning', 11],
    ])
    expect(configuration?.integrations).toEqual([
      {
        uid: '4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1',
        section: 'box-integration',
        displayName: 'Box API Access',
        client: {
          clientId: 'your-box-client-id',
          clientSecret: 'your-box-client-secret',
          authenticationMethod: 'client-secret-post',
        },
        authorizationUrl: 'https://account.box.com/api/oauth2/authorize',
        tokenUrl: 'https://account.box.com/api/oauth2/token',
        scopes: [],
        scopeSeparator: ' ',
        redirectUri: 'fixed',
        pkce: 'S256',
        authorizationParams: [],
        refreshReuse: { kind: 'unknown' },
        revocationScope: 'grant',
        deadRefreshErrors: [],
      },
      expect.objectContaining({ section: 'custom-api', displayName: 'Company Internal API', scopes: ['read', 'write'] }),
    ])
  })

  test('takes the same file with CRLF, a byte order mark, indents and no last newline for the same', async () => {
    write('oauth-clients.conf', REFERENCE_EXAMPLE)
    const plain = await load()
    const changed = REFERENCE_EXAMPLE.trimEnd().replaceAll('=', ' \t= ').replaceAll('\n', '  \r\n\t')
    write('oauth-clients.conf', `\ufeff${changed}`)
    expect((await load()).configuration).toEqual(plain.configuration)
  })

  test('reads every option', async () => {
    const options = [
      'name=Ünï "quoted" 100% ; # \\n',
      'description=a=b',
      'guid=5B1F2A34-6C7D-4E8F-9A0B-1C2D3E4F5A6B',
      'token-endpoint-auth-method=client-secret-basic',
      'scopes=read, write read',
      'issuer=https://as.example',
      'redirect-uri=per-integration',
      'pkce=none',
      'scope-separator=comma',
      'authorization-params=access_type=offline&prompt=consent',
      'revocation-url=https://as.example/revoke',
      'expires-in-default=3600',
      'refresh-reuse=grace:30',
      'revocation-scope=token',
      'dead-refresh-errors=bad_token, unauthorized_client',
      'min-ttl=120',
      'token-params=a=1&b=x+y',
      'refresh-params=scope=read',
      'token-body=json',
      'refresh-url=https://as.example/again',
      'resource=https://api.example urn:b',
      'audience=the api',
      'access-token-path=/a~1b/c~0d/0',
      'refresh-token-path=/rt',
      'expires-at-path=/until',
      'scope-path=/granted',
      'expires-in-unit=milliseconds',
      'refresh-before=240',
      'validate-url=https://api.example/me',
      'keep-token-fields=instance_url, /team/id',
      'keep-callback-fields=realmId',
      'git-hosts=Git.example, git.example:8443 [::1]:8443',
      'previous-names=an old one, older',
      'enabled=0',
      'documentation-url=https://wiki.example/#box',
      'icon=box.svg',
    ]
    write('box.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
    write('oauth-clients.conf', section('a.b', options.join('\n')))
    const { configuration, diagnostics } = await load()
    expect(diagnostics).toEqual([])
    expect(configuration?.integrations).toEqual([
      {
        uid: '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b',
        section: 'a.b',
        displayName: 'Ünï "quoted" 100% ; # \\n',
        description: 'a=b',
        client: { clientId: 'id', clientSecret: 's3cr3t', authenticationMethod: 'client-secret-basic' },
        authorizationUrl: 'https://as.example/a',
        tokenUrl: 'https://as.example/t',
        revocationUrl: 'https://as.example/revoke',
        scopes: ['read', 'write'],
        scopeSeparator: ',',
        issuer: 'https://as.example',
        redirectUri: 'per-integration',
        pkce: 'none',
        authorizationParams: [
          ['access_type', 'offline'],
          ['prompt', 'consent'],
        ],
        expiresInDefaultSeconds: 3600,
        refreshReuse: { kind: 'grace', seconds: 30 },
        revocationScope: 'token',
        deadRefreshErrors: ['bad_token', 'unauthorized_client'],
        minTtlSeconds: 120,
        tokenParams: [
          ['a', '1'],
          ['b', 'x y'],
        ],
        refreshParams: [['scope', 'read']],
        tokenBody: 'json',
        refreshUrl: 'https://as.example/again',
        resources: ['https://api.example', 'urn:b'],
        audience: 'the api',
        replyPaths: { accessToken: ['a/b', 'c~d', '0'], refreshToken: ['rt'], expiresAt: ['until'], scope: ['granted'] },
        expiresInUnit: 'milliseconds',
        refreshBeforeSeconds: 240,
        gitHosts: ['git.example', 'git.example:8443', '[::1]:8443'],
        validateUrl: 'https://api.example/me',
        keptTokenFields: [
          { name: 'instance_url', pointer: ['instance_url'] },
          { name: 'team.id', pointer: ['team', 'id'] },
        ],
        keptCallbackFields: ['realmId'],
        previousNames: ['an old one', 'older'],
        isDisabled: true,
        documentationUrl: 'https://wiki.example/#box',
        icon: {
          mediaType: 'image/svg+xml',
          base64: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64'),
          version: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      },
    ])
  })

  test('keeps every character of a secret', async () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .map((text) => text.replace(/\p{Cc}/gu, '').replace(/^[ \t]+|[ \t]+$/g, ''))
      .filter((text) => text !== '')
    await fc.assert(
      fc.asyncProperty(secret, async (text) => {
        write(
          'oauth-clients.conf',
          section('a').replace('s3cr3t', () => text),
        )
        expect((await load()).configuration?.integrations[0]?.client.clientSecret).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  test('makes no integrations of a missing or empty oauth-clients.conf', async () => {
    expect((await load()).configuration?.integrations).toEqual([])
    write('oauth-clients.conf', '# none yet\n')
    expect(await load()).toMatchObject({ configuration: { integrations: [] }, diagnostics: [] })
  })

  test('has defaults for the server and the database, and takes what is written', async () => {
    const { configuration } = await load()
    expect(configuration?.server).toEqual({
      wwwAddress: '0.0.0.0',
      wwwPort: 8787,
      publicUrl: 'https://bench.example',
      callbackAddress: 'https://bench.example',
      singleUser: false,
      sessionsAccount: 'benchkey-proxy',
      trustedProxies: ['10.0.0.1'],
      insecureLoopbackProviders: false,
      denyPrivateEndpoints: false,
      secretsDir: join(directory, 'secrets'),
      sessionTimeoutMinutes: 120,
      terminalSessionHours: 12,
      sessionsPerUser: 10,
      sessionLimits: { openFiles: 65_536, processes: 4096, memoryMib: 0 },
    })
    expect(configuration?.database).toEqual({ provider: 'sqlite', directory: join(directory, 'data') })
    const written =
      'www-address=127.0.0.1\nwww-port=0\nlauncher-sessions-callback-address=http://127.0.0.1:9/\nsingle-user=1\nsecrets-dir=s\nsession-socket=run/s.sock\nsessions-url=https://{id}.s.example\nsessions-account=px\n'
    write('benchkey.conf', SERVER + written)
    write('database.conf', 'provider=sqlite\ndirectory=db\n')
    expect((await load()).configuration).toMatchObject({
      server: {
        wwwAddress: '127.0.0.1',
        wwwPort: 0,
        callbackAddress: 'http://127.0.0.1:9',
        singleUser: true,
        sessionSocket: { path: join(directory, 'run/s.sock') },
        sessionPages: { url: 'https://{id}.s.example', port: 0, isSharedOrigin: false },
        sessionsAccount: 'px',
        secretsDir: join(directory, 's'),
      },
      database: { directory: join(directory, 'db') },
    })
  })

  test('allows http and loopback for every URL of an integration under insecure-loopback-providers=1', async () => {
    write('benchkey.conf', `${SERVER}insecure-loopback-providers=1\n`)
    const local = section('a', 'issuer=http://localhost:3000\nrevocation-url=http://[::1]:3000/r\n').replaceAll(
      'https://as.example',
      'http://127.0.0.1:3000',
    )
    write('oauth-clients.conf', local)
    expect((await load()).configuration?.integrations[0]?.tokenUrl).toBe('http://127.0.0.1:3000/t')
    write('benchkey.conf', SERVER)
    expect((await load()).diagnostics.map(({ option }) => option)).toEqual([
      'authorization-url',
      'token-url',
      'issuer',
      'revocation-url',
    ])
  })

  test('tells the findings of all files at once, in order', async () => {
    write('benchkey.conf', `${SERVER}nonsense=1\nsingle-user=2\n`)
    write('database.conf', 'provider=x\n')
    write('oauth-clients.conf', section('a', 'pkce=x\nname=\n'))
    const { configuration, diagnostics } = await load()
    expect(configuration).toBeUndefined()
    expect(diagnostics.map(({ file, line }) => `${file.slice(directory.length + 1)} ${line}`)).toEqual([
      'benchkey.conf 3',
      'benchkey.conf 4',
      'database.conf 1',
      'oauth-clients.conf 6',
      'oauth-clients.conf 7',
    ])
  })

  test('hashes the bytes of all files', async () => {
    write('oauth-clients.conf', section('a'))
    const { filesHash } = await load()
    expect((await load()).filesHash).toBe(filesHash)
    write('oauth-clients.conf', section('a', '\n'))
    expect((await load()).filesHash).not.toBe(filesHash)
    write('oauth-clients.conf', section('a'))
    write('database.conf', '')
    expect((await load()).filesHash).not.toBe(filesHash)
  })

  test('shows files as they were given', async () => {
    const { diagnostics } = await loadConfiguration({ configDir: './nowhere', dataDir: 'data', uid: UID })
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      expect.stringMatching(/^nowhere\/benchkey\.conf:1: This file does not exist/),
    ])
  })
})

describe('loading large files', () => {
  test('reads 5,000 sections and finds the one that is wrong', async () => {
    const text = Array.from({ length: 5_000 }, (_, index) => section(`s${index}`, index === 4_321 ? 'pkce=x\n' : '')).join('\n')
    write('oauth-clients.conf', text)
    let loaded: Awaited<ReturnType<typeof load>> | undefined
    const work = async () => {
      loaded = await load()
    }
    expect(await processorMsOf(work)).toBeLessThan(10_000)
    expect(loaded?.diagnostics.filter(({ severity }) => severity === 'error').map((each) => each.section)).toEqual(['s4321'])
  })

  test.each([
    ['unknown options', `${'unknown-option-of-some-length'.repeat(2)}=1\n`],
    ['lines that say nothing', 'nothing\n'],
    ['empty sections', '[a]\n'],
    ['NUL bytes', '\0\0\0\0\0\0\0\n'],
    ['lone carriage returns', '\r\r\r\r\r\r\r'],
  ])('survives ten megabytes of %s and counts the findings it leaves out', async (_what, line) => {
    write('oauth-clients.conf', line.repeat(Math.ceil(10_000_000 / line.length)))
    let loaded: Awaited<ReturnType<typeof load>> | undefined
    const work = async () => {
      loaded = await load()
    }
    expect(await processorMsOf(work)).toBeLessThan(20_000)
    const { configuration, diagnostics = [] } = loaded ?? {}
    expect(configuration).toBeUndefined()
    expect(diagnostics.length).toBeLessThanOrEqual(10_001)
    if (diagnostics.length > 10_000) expect(diagnostics.at(-1)?.message).toMatch(/^There are [0-9]+ more findings in this file/)
  })

  test('survives any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), async (clients, server) => {
        write('oauth-clients.conf', clients)
        write('benchkey.conf', server)
        const { diagnostics } = await load()
        for (const finding of diagnostics) expect(formatDiagnostic(finding)).not.toMatch(/\p{Cc}/u)
      }),
      { numRuns: 300 },
    )
  })
})

/** Looks like what services give out; any part of it in a message is a leak. */
const CANARY = 'Zq7Xk9PwL2mN4vB8'

/**
 * A secret ends up in the wrong place by a slip: in another option, in a URL, in the name of a file, in a line of its own,
 * before the `=`. Wherever it stands, no finding repeats it.
 */
describe('a secret in the wrong place', () => {
  const slips = [
    CANARY,
    `${CANARY}=`,
    `${CANARY}==`,
    `https://user:${CANARY}@as.example/`,
    `https://as.example/?client_secret=${CANARY}`,
    `https://as.example/#${CANARY}`,
    `https://${CANARY}\\x/`,
    `code_challenge_${CANARY}=1`,
    `client_secret=${CANARY}`,
    `a=1&${CANARY}=2&${CANARY}=3`,
    `"${CANARY}"`,
    `${CANARY}\0`,
    `${CANARY}\r${CANARY}`,
    `\n${CANARY}`,
    `\n${CANARY}=${CANARY}`,
    `\n${CANARY.toLowerCase()}=x`,
    `\n[${CANARY}`,
    `1\n2${CANARY}`,
  ]

  test.each(Object.entries(CONFIGURATION_REFERENCE))('of %s is in no finding', async (file, table) => {
    let count = 0
    for (const option of Object.keys(table)) {
      for (const slip of slips) {
        const before = file === 'oauth-clients.conf' ? section('a').replace(new RegExp(`^${option}=.*$`, 'm'), '') : ''
        write(file, `${before}\n${option}=${slip}\n${option}=${slip}\n`)
        const { diagnostics } = await load()
        count += diagnostics.length
        const shown = JSON.stringify(diagnostics.map(formatDiagnostic)).toLowerCase()
        expect(shown, `${option}=${slip}`).not.toContain(CANARY.toLowerCase())
      }
    }
    expect(count).toBeGreaterThan(slips.length)
  })

  test('in a secret file is in no finding', async () => {
    mkdirSync(join(directory, 'secrets'))
    write('oauth-clients.conf', section('a').replace('client-secret=s3cr3t', 'client-secret-file=secrets/x'))
    for (const content of [`${CANARY}\n\n`, ` ${CANARY}`, `${CANARY}\0`, CANARY.repeat(9000)]) {
      write('secrets/x', content)
      const { diagnostics } = await load()
      expect(diagnostics).toHaveLength(1)
      expect(diagnostics.map(formatDiagnostic).join()).not.toContain(CANARY)
    }
  })
})
