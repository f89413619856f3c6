import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { type Check, codeOf, failed, ok, shown, type Variables, warning } from './check.ts'

const BUNDLES = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const

/** The authorities that programs of this session trust. */
export interface Trust {
  readonly checks: readonly Check[]
  /** PEM; undefined = what comes with Node. */
  readonly ca?: readonly string[]
  /** Where they come from, to end a sentence with. */
  readonly source: string
}

/** Looks at the files that the variables of the session name. */
export function checkBundles(variables: Variables): Trust {
  const named = BUNDLES.flatMap((variable) => (variables[variable] ? [{ variable, path: variables[variable] }] : []))
  const [first, second] = named
  if (!first) {
    const explanation = 'REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE are not set; programs trust the authorities they know.'
    return { checks: [{ check: 'ca-bundle', outcome: 'skipped', explanation }], source: "Node's list of authorities" }
  }
  const checks: Check[] = []
  if (named.length === 1 || first.path !== second?.path) {
    const explanation =
      named.length === 1
        ? `Only ${first.variable} is set; R and Python take either, curl takes CURL_CA_BUNDLE alone.`
        : 'REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name different files; R and Python use the first, curl the second.'
    checks.push(warning('ca-bundle', explanation, 'Give both the value that the session started with.'))
  }
  const bundles = named
    .filter(({ path }, place) => place === 0 || path !== first.path)
    .map(({ variable, path }) => readBundle(variable, path))
  return {
    checks: [...checks, ...bundles.map(({ check }) => check)],
    ...(bundles[0]?.ca ? { ca: bundles[0].ca } : {}),
    source: shown(first.path),
  }
}

function readBundle(variable: string, path: string): { readonly check: Check; readonly ca?: readonly string[] } {
  const where = `${variable} names ${shown(path)}`
  let texts: readonly string[]
  try {
    texts = statSync(path).isDirectory() ? textsIn(path) : [readFileSync(path, 'utf8')]
  } catch (error) {
    const code = codeOf(error)
    const words = code === 'ENOENT' ? 'which does not exist' : `which cannot be read (${code})`
    return { check: failed('ca-bundle', `${where}, ${words}.`, `Correct ${variable}, or open a new session.`) }
  }
  const bodies = texts.flatMap(bodiesOf)
  if (bodies.length === 0) {
    return { check: failed('ca-bundle', `${where}, which holds no certificate.`, `Correct ${variable}, or open a new session.`) }
  }
  const known = new Set(rootCertificates.flatMap(bodiesOf))
  if (bodies.some((body) => known.has(body))) {
    return { check: ok('ca-bundle', `${where}: ${bodies.length} authorities, public ones among them.`), ca: texts }
  }
  const explanation = `${where}, which holds no public authority, so calls to other services fail.`
  return { check: warning('ca-bundle', explanation, "Name a file that holds the system's authorities, too."), ca: texts }
}

function textsIn(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => /\.(pem|crt|cer|\d+)$/.test(name))
  return names.map((name) => readFileSync(join(directory, name), 'utf8'))
}

/** What stands between the lines of each certificate, without blanks: equal exactly when the certificates are. */
function bodiesOf(pem: string): readonly string[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g)].map(([, body = '']) =>
    body.replace(/\s+/g, ''),
  )
}
