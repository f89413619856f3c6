import { hash } from 'node:crypto'
import type { Integration } from '../domain/integration.ts'

/** The places that see a client secret or a token, or decide where one goes, by their words in a sentence. */
const PLACES = {
  'authorization URL': 'authorizationUrl',
  'token URL': 'tokenUrl',
  'refresh URL': 'refreshUrl',
  'revocation URL': 'revocationUrl',
  'validation URL': 'validateUrl',
  'account URL': 'accountUrl',
  'list of hosts for Git': 'gitHosts',
  issuer: 'issuer',
  proxy: 'proxy',
  'CA file': 'extraCa',
} as const satisfies Readonly<Record<string, keyof Integration>>

/** What was typed in a draft about a section. */
export interface TypedFacts {
  /** Options of secrets that were typed for these very ways. */
  readonly typed: ReadonlySet<string>
  /** Options of secrets that were typed for others. */
  readonly typedBefore: ReadonlySet<string>
  /** A proxy with its password. */
  readonly isProxyTyped: boolean
}

/**
 * Why the client secret of an integration has to be typed (security.md, the hijacked administrator); undefined: it has not.
 * Without typing it, a secret stays only where the file of now has this very secret with these very places: however an edit, a new
 * header, a preset or an old version leads there, no secret goes where its owner has not sent it. Whether what was typed is what
 * the file has decides nothing, so that nobody finds a secret or a proxy's password by typing guesses.
 */
export function secretNeeded(
  next: Integration,
  current: readonly Integration[],
  facts: TypedFacts & { readonly before: Integration | undefined },
): string | undefined {
  const { before, typed, typedBefore, isProxyTyped } = facts
  const places = placesOf(next)
  const isKnown = ({ option, secret }: NamedSecret): boolean =>
    !typedBefore.has(option) &&
    !isProxyTyped &&
    current.some((each) => placesOf(each) === places && secretsOf(each).some((other) => other.secret === secret))
  const unknown = secretsOf(next).filter((named) => !typed.has(named.option) && !isKnown(named))
  if (unknown.length === 0) return undefined
  const why = before ? changedPlaces(before, next, isProxyTyped) : undefined
  const isNextOnly = unknown.every(({ option }) => option === 'client-secret-next')
  const what = isNextOnly ? 'the next client secret again, or remove it' : 'the client secret again'
  const otherwise =
    typedBefore.size > 0 ? 'where it goes changed after it was typed' : 'it is not in the file of now with these addresses'
  return `Type ${what}: ${why ?? otherwise}.`
}

/**
 * Whether a client that nothing but its ID makes out is sent on ways that the file of now does not name: there is no secret to type,
 * and with the code and its verifier whoever answers there gets the token of the person who signs in.
 */
export function leadsOpenClientsElsewhere(next: readonly Integration[], current: readonly Integration[]): boolean {
  const isOpen = (each: Integration): boolean => secretsOf(each).length === 0
  const openIds = new Set(current.filter(isOpen).map(({ client }) => client.clientId))
  const ways = new Set(current.map(clientWayOf))
  return next.some((each) => (isOpen(each) || openIds.has(each.client.clientId)) && !ways.has(clientWayOf(each)))
}

function clientWayOf(integration: Integration): string {
  return JSON.stringify([integration.client.clientId, placesOf(integration)])
}

function changedPlaces(before: Integration, next: Integration, isProxyTyped: boolean): string | undefined {
  const changed = Object.entries(PLACES).flatMap(([words, member]) => {
    const isSame = JSON.stringify(before[member]) === JSON.stringify(next[member]) && !(member === 'proxy' && isProxyTyped)
    return isSame ? [] : [words]
  })
  const [first] = changed
  if (first === undefined) return undefined
  const all = changed.length < 2 ? first : `${changed.slice(0, -1).join(', ')} and ${changed.at(-1)}`
  return `the ${all} changed`
}

interface NamedSecret {
  readonly option: 'client-secret' | 'client-secret-next'
  readonly secret: string
}

/** A next secret that is the same as the first is not in the client, but it is in the file. */
function secretsOf({ client, secretLines }: Integration): readonly NamedSecret[] {
  const { clientSecret } = client
  const { nextClientSecret = secretLines?.next === undefined ? '' : clientSecret } = client
  const named: readonly NamedSecret[] = [
    { option: 'client-secret', secret: clientSecret },
    { option: 'client-secret-next', secret: nextClientSecret },
  ]
  return named.filter(({ secret }) => secret !== '')
}

function placesOf(integration: Integration): string {
  return hash('sha256', JSON.stringify(Object.values(PLACES).map((member) => integration[member] ?? null)), 'hex')
}
