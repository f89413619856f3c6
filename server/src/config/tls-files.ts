import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Findings, Place } from './diagnostics.ts'
import { type FileRule, readOwnFile } from './files.ts'

/** The files `ssl-*` names, with the lines that name them. */
export interface TlsFiles {
  readonly certificate?: { readonly path: string; readonly line: number }
  readonly key?: { readonly path: string; readonly line: number }
  readonly caCertificate?: { readonly path: string; readonly line: number }
  /** Undefined when it is missing or wrong itself. */
  readonly publicUrl?: string
  /** `{id}` in its host stands for any session. */
  readonly sessionsUrl?: { readonly url: string; readonly line: number }
}

/** What the files are judged by. */
export interface TlsContext {
  readonly uid: number
  readonly now: Date
  readonly findings: Findings
  /** Who does not take a certificate that is out of date; default: browsers and sessions. */
  readonly refusedBy?: string
}

/** Checks certificate, key and CA: readable, PEM, belonging together, in date, made for the public URL's host. */
export async function checkTlsFiles(files: TlsFiles, context: TlsContext): Promise<void> {
  const leaf = files.certificate && (await readCertificates('ssl-certificate', files.certificate, context))
  const key = files.key && (await readKey(files.key, context))
  if (files.caCertificate) await checkCaFile(files.caCertificate, context)
  if (!leaf || !files.certificate) return
  if (key && files.key && !leaf.checkPrivateKey(key)) {
    context.findings.error(
      { line: files.key.line, option: 'ssl-certificate-key' },
      'is not the key of ssl-certificate; write the matching pair.',
    )
  }
  if (files.publicUrl !== undefined && !isMadeFor(leaf, files.publicUrl)) {
    const message = 'is not made for the host of public-url; browsers and sessions will refuse it.'
    context.findings.warning({ line: files.certificate.line, option: 'ssl-certificate' }, message)
  }
  if (files.sessionsUrl && !isMadeFor(leaf, files.sessionsUrl.url.replace('{id}', 'a-session'))) {
    const message = 'has a host that ssl-certificate is not made for; browsers will refuse the pages of sessions.'
    context.findings.warning({ line: files.sessionsUrl.line, option: 'sessions-url' }, message)
  }
}

function isMadeFor(leaf: X509Certificate, url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined
}

/** Checks the CA that `ssl-ca-certificate` names, in whatever file it stands. */
export async function checkCaFile(file: { readonly path: string; readonly line: number }, context: TlsContext): Promise<void> {
  await readCertificates('ssl-ca-certificate', file, context)
}

async function readCertificates(
  option: string,
  file: { readonly path: string; readonly line: number },
  context: TlsContext,
): Promise<X509Certificate | undefined> {
  const place = { line: file.line, option }
  const bytes = await readReferenced(file.path, 'unwritable', place, context)
  if (!bytes) return undefined
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  const certificates = blocks.map(parseCertificate)
  const [first] = certificates
  if (!first || certificates.includes(undefined)) {
    context.findings.error(place, 'names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).')
    return undefined
  }
  warnOfDates(first, place, context)
  return first
}

function warnOfDates(certificate: X509Certificate, place: Place, { findings, now, refusedBy }: TlsContext): void {
  const refused = `${refusedBy ?? 'browsers and sessions refuse'} it`
  if (certificate.validToDate < now) {
    findings.warning(place, `names a certificate that ended on ${day(certificate.validToDate)}; replace it, ${refused}.`)
  } else if (certificate.validFromDate > now) {
    findings.warning(place, `names a certificate that begins on ${day(certificate.validFromDate)}; ${refused} until then.`)
  }
}

async function readKey(
  file: { readonly path: string; readonly line: number },
  context: TlsContext,
): Promise<KeyObject | undefined> {
  const place = { line: file.line, option: 'ssl-certificate-key' }
  const bytes = await readReferenced(file.path, 'private', place, context)
  if (!bytes) return undefined
  if (/ENCRYPTED/.test(bytes.toString('latin1'))) {
    context.findings.error(place, 'names a key with a passphrase, which nobody could type at start; write it without one.')
    return undefined
  }
  try {
    return createPrivateKey(bytes)
  } catch {
    // OpenSSL's words say nothing to a person, and might repeat bytes of the key.
    context.findings.error(place, 'names a file that does not hold a private key as PEM (-----BEGIN PRIVATE KEY-----).')
    return undefined
  }
}

async function readReferenced(path: string, rule: FileRule, place: Place, context: TlsContext): Promise<Buffer | undefined> {
  const file = await readOwnFile(path, rule, context.uid)
  for (const problem of file.problems) context.findings.error(place, `names a file that ${problem}`)
  return file.bytes
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
