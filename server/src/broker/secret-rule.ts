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

/**
 * Why the client secret of an integration has to be typed (security.md, the hijacked administrator); undefined: it has not.
 * Without typing it, a secret stays only where the file of now has this very secret with these very places: however an edit, a new
 * header, a preset or an old version leads there, no secret goes where its owner has not sent it. `typed`: values that were typed
 * for these very ways; `isTypedBefore`: one was, for others.
 */
export function secretNeeded(
  next: Integration,
  current: readonly Integration[],
  facts: { readonly before: Integration | undefined; readonly typed: ReadonlySet<string>; readonly isTypedBefore: boolean },
): string | undefined {
  const { before, typed, isTypedBefore } = facts
  const untyped = secretsOf(next).filter((secret) => !typed.has(secret))
  const places = placesOf(next)
  const unknown = untyped.filter(
    (secret) => !current.some((each) => placesOf(each) === places && secretsOf(each).includes(secret)),
  )
  if (unknown.length === 0) return undefined
  const why = before ? changedPlaces(before, next) : undefined
  const isNextOnly = unknown.every((secret) => secret === next.client.nextClientSecret)
  const what = isNextOnly ? 'the next client secret again, or remove it' : 'the client secret again'
  const otherwise = isTypedBefore
    ? 'where it goes changed after it was typed'
    : 'it is not in the file of now with these addresses'
  return `Type ${what}: ${why ?? otherwise}.`
}

function changedPlaces(before: Integration, next: Integration): string | undefined {
  const changed = Object.entries(PLACES).flatMap(([words, member]) =>
    JSON.stringify(before[member]) === JSON.stringify(next[member]) ? [] : [words],
  )
  const [first] = changed
  if (first === undefined) return undefined
  const all = changed.length < 2 ? first : `${changed.slice(0, -1).join(', ')} and ${changed.at(-1)}`
  return `the ${all} changed`
}

function secretsOf({ client }: Integration): readonly string[] {
  return [client.clientSecret, client.nextClientSecret].filter((secret) => secret !== undefined && secret !== '') as string[]
}

function placesOf(integration: Integration): string {
  return hash('sha256', JSON.stringify(Object.values(PLACES).map((member) => integration[member] ?? null)), 'hex')
}
