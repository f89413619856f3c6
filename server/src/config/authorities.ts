import { X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { isInside, readOwnFile } from './files.ts'
import type { Parsed } from './option-table.ts'

/** Authorities of a file, and what is odd about them; `warnings` are predicates like `problem`. */
export interface Authorities {
  readonly pem: string
  readonly warnings: readonly string[]
}

/** What a file of authorities is judged by. */
export interface AuthorityRules {
  readonly uid: number
  readonly now: Date
  /** It has to lie in there, and no symbolic link may lead out; absent: anywhere. */
  readonly within?: string
}

/** Enough for all authorities of Mozilla. */
const MOST_BYTES = 1024 * 1024

/** Reads a PEM file of authorities. Others may read it, not change it. */
export async function readAuthorities(path: string, rules: AuthorityRules): Promise<Parsed<Authorities>> {
  const real = rules.within === undefined ? path : await realPathInside(path, rules.within)
  if (typeof real !== 'string') return real
  const { bytes, problems } = await readOwnFile(
    real,
    'unwritable',
    rules.uid,
    rules.within === undefined ? 0 : constants.O_NOFOLLOW,
  )
  const [problem] = problems
  if (problem !== undefined) return { problem: `names a file that ${problem}` }
  if (!bytes || bytes.length > MOST_BYTES)
    return { problem: 'names a file that is larger than 1 MiB; write the authorities alone.' }
  const text = bytes.toString('latin1')
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return { problem: 'names a file with a private key; write the certificates alone.' }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  const certificates = blocks.flatMap(parsed)
  if (certificates.length === 0 || certificates.length < blocks.length) {
    return { problem: 'names a file that does not hold certificates as PEM (-----BEGIN CERTIFICATE-----).' }
  }
  // Only the certificates: what else stands in the file is nobody's to hand on.
  return { value: { pem: `${blocks.join('\n')}\n`, warnings: certificates.flatMap((each) => oddities(each, rules.now)) } }
}

async function realPathInside(path: string, directory: string): Promise<string | { readonly problem: string }> {
  let real: string
  try {
    real = await realpath(path)
  } catch {
    return path // Opening it says what is wrong.
  }
  if (await isInside(real, directory)) return real
  return { problem: 'names a file outside the configuration directory; copy it there.' }
}

function oddities(certificate: X509Certificate, now: Date): readonly string[] {
  const { validToDate: end, validFromDate: begin, ca, subject, issuer } = certificate
  if (end < now) return [`holds a certificate that ended on ${day(end)}; replace it, Benchkey trusts it no more.`]
  if (begin > now) return [`holds a certificate that begins on ${day(begin)}; Benchkey does not trust it until then.`]
  if (ca || subject === issuer) return []
  return ['holds the certificate of a server, by which nothing is trusted; write that of the authority that issued it.']
}

function parsed(pem: string): readonly X509Certificate[] {
  try {
    return [new X509Certificate(pem)]
  } catch {
    return [] // Fewer than there are blocks: said to whoever named the file.
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
