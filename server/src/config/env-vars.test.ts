import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeAuthority, makeLeaf } from '../../testing/certificates.ts'
import type { WayOut } from '../domain/integration.ts'
import { formatDiagnostic } from './diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './load.ts'
import { unquoted } from './shell-values.ts'

const UID = process.getuid?.() ?? 0
const CLIENT = '[a]\nclient-id=id\nclient-secret=s3cr3t\nauthorization-url=https://as.example/a\ntoken-url=https://as.example/t\n'
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-env-vars-'))
  write('benchkey.conf', 'public-url=https://bench.example\ntrusted-proxies=10.0.0.1\n')
  write('oauth-clients.conf', CLIENT)
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string, mode = 0o600): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const load = (now?: Date): Promise<LoadedConfiguration> =>
  loadConfiguration({ configDir: directory, dataDir: directory, uid: UID, ...(now ? { now } : {}) })

async function findings(now?: Date): Promise<readonly string[]> {
  const { diagnostics } = await load(now)
  return diagnostics.map((each) => `${each.severity} ${formatDiagnostic(each).replaceAll(`${directory}/`, '')}`)
}

/** What the one integration has of it all. */
async function wayOut(): Promise<WayOut> {
  const { configuration, diagnostics } = await load()
  expect(diagnostics).toEqual([])
  const { proxy, extraCa, commonProxies } = configuration?.integrations[0] ?? {}
  return { ...(proxy && { proxy }), ...(extraCa && { extraCa }), ...(commonProxies && { commonProxies }) }
}

async function envVars(text: string): Promise<WayOut['commonProxies']> {
  write('env-vars', text)
  return (await wayOut()).commonProxies
}

const placed = (option: string, line: number) => ({ option, line })
const squid = { protocol: 'http', host: 'proxy.example', port: 3128 }

describe('env-vars', () => {
  test('sets the proxies of every integration, with the lines that say so', async () => {
    const text = `# The way out
export https_proxy="http://bench:p%40ss:w%2Frd@proxy.example:3128"

  no_proxy=.corp.example, 10.0.0.0/8   # inside
`
    expect(await envVars(text)).toEqual({
      https: { ...squid, userName: 'bench', password: 'p@ss:w/rd', ...placed('https_proxy', 2) },
      noProxy: [
        { kind: 'domain', text: '.corp.example', name: 'corp.example', ...placed('no_proxy', 4) },
        { kind: 'subnet', text: '10.0.0.0/8', network: '10.0.0.0', prefix: 8, ...placed('no_proxy', 4) },
      ],
    })
  })

  test('all_proxy stands in for the two others, and no value takes a proxy away', async () => {
    const all = { ...squid, ...placed('all_proxy', 1) }
    expect(await envVars('all_proxy=proxy.example:3128\n')).toEqual({ http: all, https: all, noProxy: [] })
    expect(await envVars('all_proxy=http://proxy.example:3128/\nhttps_proxy=\n')).toEqual({ http: all, noProxy: [] })
  })

  test('knows capitals, Windows line ends and an IPv6 address of a proxy', async () => {
    expect(await envVars('HTTPS_PROXY=https://[2001:DB8::1]\r\n')).toEqual({
      https: { protocol: 'https', host: '2001:db8::1', port: 443, ...placed('HTTPS_PROXY', 1) },
      noProxy: [],
    })
  })

  test('is as good as not there when it sets nothing, and may be read by others', async () => {
    write('env-vars', '# nothing yet\nno_proxy=corp.example\n', 0o644)
    expect(await wayOut()).toEqual({})
  })

  test.runIf(UID === 0)('may belong to root while the server does not, unless it holds a password', async () => {
    const uid = 4242
    for (const name of ['benchkey.conf', 'oauth-clients.conf']) chownSync(join(directory, name), uid, uid)
    const found = async () =>
      (await loadConfiguration({ configDir: directory, dataDir: directory, uid })).diagnostics.map(({ message }) => message)
    write('env-vars', 'https_proxy=http://proxy.example:3128\n', 0o644)
    expect(await found()).toEqual([])
    write('env-vars', 'https_proxy=http://u:p@proxy.example:3128\n', 0o644)
    expect(await found()).toEqual([
      `This file holds a password and belongs to user id 0; it must belong to the account of the server, user id ${uid}.`,
      'This file holds a password and is open to other accounts (mode 644); its mode must be 600 (chmod 600).',
    ])
  })

  test('is part of what tells two configurations apart', async () => {
    const hashes = new Set<string>()
    for (const text of ['', 'https_proxy=http://proxy.example:3128', 'https_proxy=http://proxy.example:3129']) {
      write('env-vars', text)
      hashes.add((await load()).filesHash)
    }
    expect(hashes.size).toBe(3)
  })
})

describe('a finding in env-vars', () => {
  const first = (line: string): string => `error env-vars:1: ${line}`

  test.each([
    ['https_proxy=http://proxy.example', first('https_proxy: names no port; write it, such as http://proxy.corp.example:3128.')],
    [
      'https_proxy=socks5://proxy.example:1080',
      first('https_proxy: is the address of another kind of proxy than HTTP; write one such as http://proxy.corp.example:3128.'),
    ],
    ['https_proxy=http://proxy.example:0', first('https_proxy: names a port that there is not; write one from 1 to 65535.')],
    ['https_proxy=http://proxy.example:99999', first('https_proxy: names a port that there is not; write one from 1 to 65535.')],
    [
      'https_proxy=http://proxy.example:3128/path',
      first(
        'https_proxy: is not the address of a proxy; write one such as http://proxy.corp.example:3128, with /, ? and # of a password percent-encoded.',
      ),
    ],
    [
      'https_proxy=http://u:p/w@proxy.example:3128',
      first(
        'https_proxy: is not the address of a proxy; write one such as http://proxy.corp.example:3128, with /, ? and # of a password percent-encoded.',
      ),
    ],
    [
      'https_proxy=http://u:100%@proxy.example:3128',
      first('https_proxy: has a % in user name or password that begins no percent-encoding; write %25 for the character itself.'),
    ],
    [
      'https_proxy=http://:p@proxy.example:3128',
      first('https_proxy: has a user name that is empty or holds a colon; write user:password@ before the host.'),
    ],
    ['https_proxy=http://u:p%0a@proxy.example:3128', first('https_proxy: has a control character in user name or password.')],
    [
      'https_proxy=http://169.254.169.254:80',
      first(
        'https_proxy: names an address no proxy has (link-local, metadata, multicast or unspecified); write the one of the proxy.',
      ),
    ],
    [
      'https_proxy=http://a..b:80',
      first('https_proxy: has no host that can be read; write one such as http://proxy.corp.example:3128.'),
    ],
    ['https_proxy=:3128', first('https_proxy: has no host that can be read; write one such as http://proxy.corp.example:3128.')],
    [
      "https_proxy='http://proxy.example:3128",
      first('https_proxy: has a quote without its end; write it, or %27 and %22 for quotes in a password.'),
    ],
    [
      'https_proxy=http://u:pa$word@proxy.example:3128',
      first(
        "https_proxy: holds a $ or `, which nothing is put in the place of; write the value itself, between '…' or with %24 for a $.",
      ),
    ],
    ['no_proxy=a.example,\\', first('no_proxy: goes on in the next line; write the whole value in one line.')],
    [
      'no_proxy=a.example b/c',
      first(
        'no_proxy: holds a / behind something that is no address in place 2; write a host, a domain such as .corp.example, *.corp.example, host:port, an address, 10.0.0.0/8 or 10.0.0.1-10.0.0.9.',
      ),
    ],
    ['NODE_EXTRA_CA_CERTS=nowhere.pem', first('NODE_EXTRA_CA_CERTS: names a file that does not exist.')],
    ['[proxies]', first('This file has no sections; remove the header.')],
    [
      'LANG=en_US.UTF-8',
      'warning env-vars:1: LANG: is not read: this file sets http_proxy, https_proxy, all_proxy, no_proxy and NODE_EXTRA_CA_CERTS only.',
    ],
    [
      'https-proxy=http://proxy.example:3128',
      'warning env-vars:1: https-proxy: is not read: this file sets http_proxy, https_proxy, all_proxy, no_proxy and NODE_EXTRA_CA_CERTS only. Did you mean https_proxy?',
    ],
    [
      'Zm9vYmFyYmF6cXV4==',
      'warning env-vars:1: This variable is not read: this file sets http_proxy, https_proxy, all_proxy, no_proxy and NODE_EXTRA_CA_CERTS only.',
    ],
  ])('%s', async (text, finding) => {
    write('env-vars', `${text}\n`)
    expect(await findings()).toEqual([finding])
  })

  test('is told for every wrong entry, for a second value and for capitals beside small letters', async () => {
    write('env-vars', 'no_proxy=1/2 ok.example 10.0.0.9-10.0.0.1\nHTTP_PROXY=a:1\nhttp_proxy=b:1\nhttp_proxy=c:1\n')
    expect((await findings()).map((each) => each.replace(/; write a host.*/, ''))).toEqual([
      'error env-vars:1: no_proxy: holds a / behind something that is no address in place 1',
      'error env-vars:1: no_proxy: holds a range that ends before it begins in place 3',
      'warning env-vars:2: HTTP_PROXY: is not used, since http_proxy in line 3 goes before it; remove one of the two.',
      'error env-vars:4: http_proxy: is written twice; it first stands in line 3. Keep one of the two.',
    ])
  })

  test('is told for a file that others can change', async () => {
    write('env-vars', 'https_proxy=http://proxy.example:3128\n', 0o666)
    expect(await findings()).toEqual([
      'error env-vars:1: This file can be changed by other accounts (mode 666); its mode must be 644 or less (chmod go-w).',
    ])
  })

  test('is told for a password in a Git work tree', async () => {
    execFileSync('git', ['init', '-q', directory])
    writeFileSync(join(directory, '.gitignore'), 'oauth-clients.conf\n')
    write('env-vars', 'https_proxy=http://u:p@proxy.example:3128\n')
    expect(await findings()).toEqual([
      'warning env-vars:1: https_proxy: holds a password in a file that lies in a Git work tree and is not ignored, so its secrets could be committed; add it to .gitignore or move it.',
    ])
  })
})

describe('the options of an integration', () => {
  test('proxy: an own one or none', async () => {
    write('oauth-clients.conf', `${CLIENT}proxy=https://u:p@proxy.example:8443\n`)
    const own = { protocol: 'https', host: 'proxy.example', port: 8443, userName: 'u', password: 'p' }
    expect(await wayOut()).toEqual({ proxy: own })
    write('oauth-clients.conf', `${CLIENT}proxy=none\n`)
    expect(await wayOut()).toEqual({ proxy: 'none' })
  })

  test('proxy: what is wrong with it, without a word of its password', async () => {
    write('oauth-clients.conf', `${CLIENT}proxy=http://u:s3cr3tpassword@proxy.example\n`)
    expect(await findings()).toEqual([
      'error oauth-clients.conf:6: [a] proxy: names no port; write it, such as http://proxy.corp.example:3128.',
    ])
  })

  test('ca-file: authorities of the configuration directory, of which only the certificates are kept', async () => {
    const [one, two] = [await makeAuthority(), await makeAuthority('Second')]
    mkdirSync(join(directory, 'ca'))
    write('ca/corp.pem', `comment\n${one.pem}\n# second\n${two.pem}`, 0o644)
    write('oauth-clients.conf', `${CLIENT}ca-file=ca/corp.pem\n`)
    expect(await wayOut()).toEqual({ extraCa: `${one.pem.trim()}\n${two.pem.trim()}\n` })
    expect(await envVars(`NODE_EXTRA_CA_CERTS=${join(directory, 'ca/corp.pem')}\n`)).toMatchObject({ noProxy: [] })
  })

  test('ca-file: what is wrong with it', async () => {
    const authority = await makeAuthority()
    const leaf = await makeLeaf(authority, ['box.example'])
    const outside = mkdtempSync(join(tmpdir(), 'benchkey-ca-'))
    try {
      writeFileSync(join(outside, 'ca.pem'), authority.pem)
      symlinkSync(join(outside, 'ca.pem'), join(directory, 'link.pem'))
      write('text.pem', 'no certificate')
      write('broken.pem', authority.pem.replace(/\n[^\n]{20}/, '\n'))
      write('key.pem', leaf.certificate + leaf.key)
      write('open.pem', authority.pem, 0o666)
      write('leaf.pem', leaf.certificate)
      write('good.pem', authority.pem)
      const told = async (path: string, now?: Date) => {
        write('oauth-clients.conf', `${CLIENT}ca-file=${path}\n`)
        return (await findings(now)).map((each) => each.replace(' oauth-clients.conf:6: [a] ca-file:', ''))
      }
      const noPem = 'error names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).'
      const elsewhere = 'error names a file outside the configuration directory; copy it there.'
      expect(await told('nowhere.pem')).toEqual(['error names a file that does not exist.'])
      expect(await told(join(outside, 'ca.pem'))).toEqual([elsewhere])
      expect(await told('link.pem')).toEqual([elsewhere])
      expect(await told('.')).toEqual([elsewhere])
      expect(await told('text.pem')).toEqual([noPem])
      expect(await told('broken.pem')).toEqual([noPem])
      expect(await told('key.pem')).toEqual(['error names a file with a private key; write the certificates alone.'])
      expect(await told('open.pem')).toEqual([
        'error names a file that can be changed by other accounts (mode 666); its mode must be 644 or less (chmod go-w).',
      ])
      expect(await told('leaf.pem')).toEqual([
        'warning holds the certificate of a server, by which nothing is trusted; write that of the authority that issued it.',
      ])
      const end = authority.certificate.notAfter.toISOString().slice(0, 10)
      expect(await told('good.pem', new Date('2066-01-01'))).toEqual([
        `warning holds a certificate that ended on ${end}; replace it, Benchkey trusts it no more.`,
      ])
    } finally {
      rmSync(outside, { recursive: true })
    }
  })
})

test('a quoted value reads as a shell reads it', () => {
  const plain = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '#', '$', '`', '%', ':') })
  fc.assert(
    fc.property(plain, (text) => {
      const quoted = `'${text.replaceAll("'", "'\\''")}'`
      const shell = execFileSync('sh', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' })
      expect(unquoted(quoted)).toEqual({ value: shell.trim() })
      const doubled = `"${text.replace(/[\\"$`]/g, '\\$&')}" # comment`
      expect(unquoted(doubled)).toEqual(/[$`]/.test(text) ? expect.anything() : { value: text.trim() })
    }),
    { numRuns: 50 },
  )
})
