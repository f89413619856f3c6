import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatDiagnostic } from './diagnostics.ts'
import { loadConfiguration } from './load.ts'

const UID = process.getuid?.() ?? 0
const NOW = new Date('2026-06-01T00:00:00Z')
let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-tls-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string, mode = 0o600): void {
  writeFileSync(join(directory, name), content)
  chmodSync(join(directory, name), mode)
}

async function makePair(days = { from: '2026-01-01', to: '2026-12-31' }): Promise<{ certificate: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=bench',
    notBefore: new Date(`${days.from}T00:00:00Z`),
    notAfter: new Date(`${days.to}T00:00:00Z`),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'bench.example' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  })
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' })
  return { certificate: certificate.toString('pem'), key: key.toString() }
}

async function findings(conf = CONF): Promise<string[]> {
  write('benchkey.conf', conf)
  const { diagnostics } = await loadConfiguration({ configDir: directory, dataDir: directory, uid: UID, now: NOW })
  return diagnostics.map((each) => `${each.severity} ${formatDiagnostic(each).replace(`${directory}/benchkey.conf:`, '')}`)
}

const CONF = 'public-url=https://bench.example\nssl-certificate=a.pem\nssl-certificate-key=a.key\n'

describe('certificate files', () => {
  test('that belong together are no finding, and the paths become absolute', async () => {
    const pair = await makePair()
    const intermediate = await makePair()
    write('a.pem', `subject: bench\n${pair.certificate}\n${intermediate.certificate}\n`, 0o644)
    write('a.key', pair.key)
    write('ca.pem', intermediate.certificate, 0o644)
    expect(await findings(`${CONF}ssl-ca-certificate=ca.pem\n`)).toEqual([])
    const { configuration } = await loadConfiguration({ configDir: directory, dataDir: directory, uid: UID, now: NOW })
    expect(configuration?.server).toMatchObject({
      sslCertificate: join(directory, 'a.pem'),
      sslCertificateKey: join(directory, 'a.key'),
      sslCaCertificate: join(directory, 'ca.pem'),
      wwwPort: 443,
    })
  })

  test('are made for the host of session pages, too, be it one for each', async () => {
    const pair = await makePair()
    write('a.pem', pair.certificate)
    write('a.key', pair.key)
    expect(await findings(`${CONF}sessions-url=https://bench.example:444\n`)).toEqual([])
    for (const host of ['other.example', '{id}.bench.example']) {
      expect(await findings(`${CONF}sessions-url=https://${host}\n`)).toEqual([
        'warning 4: sessions-url: has a host that ssl-certificate is not made for; browsers will refuse the pages of sessions.',
      ])
    }
  })

  test('are made for addresses too', async () => {
    const pair = await makePair()
    write('a.pem', pair.certificate)
    write('a.key', pair.key)
    for (const host of ['127.0.0.1:8443', '[::1]:8443']) expect(await findings(CONF.replace('bench.example', host))).toEqual([])
  })

  test('that are missing, no PEM or no regular file are told, all at once', async () => {
    write('a.pem', 'nothing')
    write('a.key', 'nothing')
    expect(await findings(`${CONF}ssl-ca-certificate=.\n`)).toEqual([
      'error 2: ssl-certificate: names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).',
      'error 3: ssl-certificate-key: names a file that does not hold a private key as PEM (-----BEGIN PRIVATE KEY-----).',
      'error 4: ssl-ca-certificate: names a file that is not a regular file.',
    ])
    rmSync(join(directory, 'a.pem'))
    expect((await findings())[0]).toBe('error 2: ssl-certificate: names a file that does not exist.')
  })

  test('with a damaged certificate in the chain are told', async () => {
    const pair = await makePair()
    write('a.pem', `${pair.certificate}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`)
    write('a.key', pair.key)
    expect(await findings()).toEqual([
      'error 2: ssl-certificate: names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).',
    ])
  })

  test('of which the key is another’s, has a passphrase, or is open to others are told', async () => {
    const pair = await makePair()
    const other = await makePair()
    write('a.pem', pair.certificate)
    write('a.key', other.key)
    expect(await findings()).toEqual([
      'error 3: ssl-certificate-key: is not the key of ssl-certificate; write the matching pair.',
    ])
    const encrypted = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    write('a.key', encrypted.toString())
    expect(await findings()).toEqual([
      'error 3: ssl-certificate-key: names a key with a passphrase, which nobody could type at start; write it without one.',
    ])
    write('a.key', pair.key, 0o640)
    expect(await findings()).toEqual([
      'error 3: ssl-certificate-key: names a file that is open to other accounts (mode 640); its mode must be 600 (chmod 600).',
    ])
  })

  test('that ended, have not begun, or are made for another host are warnings', async () => {
    const cases = [
      [{ from: '2025-01-01', to: '2026-05-31' }, 'that ended on 2026-05-31; replace it, browsers and sessions refuse it.'],
      [{ from: '2026-06-02', to: '2027-01-01' }, 'that begins on 2026-06-02; browsers and sessions refuse it until then.'],
    ] as const
    for (const [days, words] of cases) {
      const pair = await makePair(days)
      write('a.pem', pair.certificate)
      write('a.key', pair.key)
      expect(await findings()).toEqual([`warning 2: ssl-certificate: names a certificate ${words}`])
    }
    const pair = await makePair()
    write('a.pem', pair.certificate)
    write('a.key', pair.key)
    expect(await findings(CONF.replace('bench.example', 'other.example'))).toEqual([
      'warning 2: ssl-certificate: is not made for the host of public-url; browsers and sessions will refuse it.',
    ])
  })

  test('stand in pairs', async () => {
    const pair = await makePair()
    write('a.pem', pair.certificate)
    expect(await findings('public-url=https://bench.example\nssl-certificate=a.pem\n')).toEqual([
      'error 2: ssl-certificate: stands without ssl-certificate-key; write both.',
    ])
  })
})
