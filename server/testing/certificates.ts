import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

const DAY_MS = 24 * 60 * 60 * 1000
const AUTHORITY_LIFE_MS = 3650 * DAY_MS
/** Browsers refuse leaf certificates that live longer than 398 days. */
const LEAF_LIFE_MS = 397 * DAY_MS
/** A clock a little behind ours must not see a certificate of the future. */
const BACKDATE_MS = 60 * 60 * 1000
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1']

/** A certificate authority that can sign leaves; `pem` is its own certificate. */
export interface Authority {
  readonly certificate: x509.X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
  readonly pem: string
}

/** A leaf certificate and its private key (PKCS #8), both PEM. */
export interface Leaf {
  readonly certificate: string
  readonly key: string
}

/** What `makeCertificates` wrote: three files, and the same as text. */
export interface Certificates extends Leaf {
  readonly ca: string
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => crypto.subtle.generateKey(P256, true, ['sign', 'verify'])

/** Makes a certificate authority of ten years. */
export async function makeAuthority(commonName = 'Benchkey private CA'): Promise<Authority> {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + AUTHORITY_LIFE_MS),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate, keys, pem: `${certificate.toString('pem')}\n` }
}

/** Makes a server certificate for names and addresses; tests give other instants to get an expired one. */
export async function makeLeaf(
  authority: Authority,
  names: readonly string[],
  instants: { notBefore?: Date; notAfter?: Date } = {},
): Promise<Leaf> {
  const keys = await newKeys()
  const notBefore = instants.notBefore ?? new Date(Date.now() - BACKDATE_MS)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [names[0] ?? 'localhost'] }],
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    notBefore,
    notAfter: instants.notAfter ?? new Date(notBefore.getTime() + LEAF_LIFE_MS),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n` }
}

/**
 * Makes a private CA and a certificate for loopback and `names`, and writes `ca.pem`, `server.pem` and `server-key.pem` (0600)
 * into `dir`. The CA's own key is thrown away: nobody can sign anything more with it.
 */
export async function makeCertificates(dir: string, options: { names?: readonly string[] } = {}): Promise<Certificates> {
  const authority = await makeAuthority()
  const leaf = await makeLeaf(authority, [...new Set([...LOOPBACK_NAMES, ...(options.names ?? [])])])
  await mkdir(dir, { recursive: true })
  const caFile = join(dir, 'ca.pem')
  const certificateFile = join(dir, 'server.pem')
  const keyFile = join(dir, 'server-key.pem')
  await writeWhole(keyFile, leaf.key, 0o600)
  await writeWhole(certificateFile, leaf.certificate, 0o644)
  await writeWhole(caFile, authority.pem, 0o644)
  return { ...leaf, ca: authority.pem, caFile, certificateFile, keyFile }
}

async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  await writeFile(temporary, text, { mode, flag: 'w' })
  await chmod(temporary, mode)
  await rename(temporary, file)
}
