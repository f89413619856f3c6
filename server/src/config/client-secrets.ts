import type { Client, SecretLines } from '../domain/integration.ts'
import { expiryOf, expirySentence } from '../domain/secret-expiry.ts'
import type { Findings } from './diagnostics.ts'
import type { Parsed } from './option-table.ts'
import { type Entry, isPublic, lineOf, placeOf } from './section-checks.ts'

/** The secrets of the reference documentation's example. */
const SAMPLE_SECRETS: readonly string[] = ['your-box-client-secret', 'internal-api-client-secret', 'your-next-box-client-secret']

/** Said of a next secret. Who has typed one of the two learns the other by it, and is not told. */
export const SAME_SECRET = 'is the same as the client secret and changes nothing; remove the line.'

/** The client secrets of a section, and where they are said to be. */
export type Secrets = Pick<Client, 'clientSecret' | 'nextClientSecret'>

type SecretOption = 'client-secret' | 'client-secret-next'

/** Empty for a public client; undefined when there is none that can be used. */
export async function secretsOf(
  entry: Entry,
  readSecret: (path: string) => Promise<Parsed<string>>,
  findings: Findings,
): Promise<Secrets | undefined> {
  if (isPublic(entry)) return { clientSecret: '' }
  const clientSecret = await secretOf('client-secret', entry, readSecret, findings)
  const nextClientSecret = await secretOf('client-secret-next', entry, readSecret, findings)
  if (clientSecret === undefined) return undefined
  if (nextClientSecret === undefined) return { clientSecret }
  if (nextClientSecret === clientSecret) {
    const option = optionOf('client-secret-next', entry)
    findings.warning(placeOf(entry, option), SAME_SECRET)
    return { clientSecret }
  }
  return { clientSecret, nextClientSecret }
}

async function secretOf(
  name: SecretOption,
  entry: Entry,
  readSecret: (path: string) => Promise<Parsed<string>>,
  findings: Findings,
): Promise<string | undefined> {
  const { values } = entry.options
  const option = optionOf(name, entry)
  const path = values[`${name}-file`]
  let secret = values[name]
  if (path !== undefined) {
    const read = await readSecret(path)
    if ('problem' in read) {
      findings.error(placeOf(entry, option), read.problem)
      return undefined
    }
    secret = read.value
  }
  if (secret !== undefined && SAMPLE_SECRETS.includes(secret)) {
    const message = 'is the sample of the documentation; write the secret that the service gave you.'
    findings.warning(placeOf(entry, option), message)
  }
  return secret
}

function optionOf(name: SecretOption, { options }: Entry): SecretOption | `${SecretOption}-file` {
  return options.values[`${name}-file`] === undefined ? name : `${name}-file`
}

/** The files that hold a section's secrets, for whoever looks whether they are safe there. */
export function secretFilesOf(entry: Entry): readonly SecretFile[] {
  return (['client-secret-file', 'client-secret-next-file'] as const).flatMap((option) => {
    const path = entry.options.values[option]
    return path === undefined ? [] : [{ path, line: lineOf(entry, option), section: entry.section.name, option }]
  })
}

/** A file with a secret, and the line that names it. */
export interface SecretFile {
  readonly path: string
  readonly line: number
  readonly section: string
  readonly option: 'client-secret-file' | 'client-secret-next-file'
}

/** What a section's options about its secrets say of each other. */
export function checkSecrets(entry: Entry, findings: Findings): void {
  const { lines } = entry.options
  const [next, nextFile] = [lines.get('client-secret-next'), lines.get('client-secret-next-file')]
  if (isPublic(entry)) {
    for (const option of ['client-secret-next', 'client-secret-next-file', 'client-secret-expires'] as const) {
      if (!lines.has(option)) continue
      const message = 'stands beside token-endpoint-auth-method=none, a client without a secret; remove the line.'
      findings.error(placeOf(entry, option), message)
    }
  } else if (next !== undefined && nextFile !== undefined) {
    const place = { ...placeOf(entry, 'client-secret-next'), line: Math.max(next, nextFile) }
    findings.error(place, 'stands beside client-secret-next-file; keep exactly one of the two.')
  }
}

/** Warns of secrets that end soon or have ended. */
export function warnOfExpiry(entry: Entry, now: Date, findings: Findings): void {
  const expires = entry.options.values['client-secret-expires']
  const hasNext = secretLinesOf(entry).next !== undefined
  const expiry = expires && !isPublic(entry) ? expiryOf(expires, now) : undefined
  if (!expiry) return
  const { fact, action } = expirySentence(expiry, hasNext)
  findings.warning(placeOf(entry, 'client-secret-expires'), `says that ${fact}; ${action}.`)
}

/** The lines that an administrator changes when the secrets change. */
export function secretLinesOf({ options: { lines }, section }: Entry): SecretLines {
  const next = lines.get('client-secret-next') ?? lines.get('client-secret-next-file')
  const expires = lines.get('client-secret-expires')
  return {
    first: lines.get('client-secret') ?? lines.get('client-secret-file') ?? section.line,
    ...(next === undefined ? {} : { next }),
    ...(expires === undefined ? {} : { expires }),
  }
}
