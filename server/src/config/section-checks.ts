import type { Findings, Place } from './diagnostics.ts'
import type { IniSection } from './ini.ts'
import type { SECTION_OPTIONS } from './oauth-clients-options.ts'
import type { ReadOptions } from './option-table.ts'

/** A section of `oauth-clients.conf` and its options as read. */
export interface Entry {
  readonly section: IniSection
  readonly options: ReadOptions<typeof SECTION_OPTIONS>
  /** Names of the options that its preset brings; their line is that of `preset`. */
  readonly brought: ReadonlySet<string>
  /** It names a preset that cannot be used, which is a finding already. */
  readonly isIncomplete: boolean
}

type Option = keyof typeof SECTION_OPTIONS
type UrlOption = 'authorization-url' | 'token-url' | 'refresh-url'

/** The line of an option, else that of the section. */
export function lineOf(entry: Entry, option: Option): number {
  return entry.options.lines.get(option) ?? entry.section.line
}

/** Whether the client has no secret. */
export function isPublic({ options }: Entry): boolean {
  return options.values['token-endpoint-auth-method'] === 'none'
}

/** A name leads to one integration only, be it a header of now or of before. */
export function checkPreviousNames(entries: readonly Entry[], findings: Findings): void {
  const headers = new Map(entries.map((entry) => [entry.section.name, entry]))
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const place = placeOf(entry, 'previous-names')
    for (const name of entry.options.values['previous-names'] ?? []) {
      const [holder, other] = [headers.get(name), first.get(name)]
      if (holder === entry) findings.error(place, 'names this very section; remove the name.')
      else if (holder) {
        const message = `names [${name}], which this file has in line ${holder.section.line}; a name can lead to one integration only.`
        findings.error(place, message)
      } else if (other) {
        const line = lineOf(other, 'previous-names')
        findings.error(place, `names ${name}, which [${other.section.name}] names in line ${line} too; keep one of the two.`)
      } else first.set(name, entry)
    }
  }
}

/** Git gets one token for a host, so a host leads to one integration only. */
export function checkGitHosts(entries: readonly Entry[], findings: Findings): void {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    for (const host of entry.options.values['git-hosts'] ?? []) {
      const other = first.get(host)
      if (!other) {
        first.set(host, entry)
        continue
      }
      const where = `[${other.section.name}] names in line ${lineOf(other, 'git-hosts')}`
      findings.error(placeOf(entry, 'git-hosts'), `names ${host}, which ${where} too; Git can get one token for it only.`)
    }
  }
}

/** What options of one section say about each other. */
export function checkTogether(entry: Entry, findings: Findings): void {
  checkClient(entry, findings)
  checkParameters(entry, findings)
  checkRefreshUrl(entry, findings)
  checkReplies(entry, findings)
  if (entry.options.values['redirect-uri'] === 'per-integration' && !/^[A-Za-z0-9._~-]+$/.test(entry.section.name)) {
    findings.error(
      placeOf(entry, 'redirect-uri'),
      'puts the section header into the redirect URI, so the header may hold letters, digits, ".", "_", "~" and "-" only.',
    )
  }
}

function checkClient(entry: Entry, findings: Findings): void {
  const { values, lines } = entry.options
  if (isPublic(entry)) {
    for (const option of ['client-secret', 'client-secret-file'] as const) {
      if (!lines.has(option)) continue
      const message = 'stands beside token-endpoint-auth-method=none, a client without a secret; keep one of the two.'
      findings.error(placeOf(entry, option), message)
    }
    if (values.pkce === 'none') {
      const message =
        'leaves a client without a secret (token-endpoint-auth-method=none) with nothing that protects its sign-ins; remove the line.'
      findings.error(placeOf(entry, 'pkce'), message)
    }
  }
  if (values['token-endpoint-auth-method'] === 'client-secret-basic-raw' && values['client-id']?.includes(':')) {
    const message = 'holds a colon, which client-secret-basic-raw takes for the end of it (RFC 7617); use client-secret-basic.'
    findings.error(placeOf(entry, 'client-id'), message)
  }
}

/** No parameter may reach a service twice: from two options, or from an option and the query of the URL. */
function checkParameters(entry: Entry, findings: Findings): void {
  const { values } = entry.options
  const refreshUrl = values['refresh-url'] === undefined ? 'token-url' : 'refresh-url'
  const pairs = [
    ['authorization-params', 'authorization-url'],
    ['token-params', 'token-url'],
    ['refresh-params', refreshUrl],
  ] as const
  for (const [option, url] of pairs) {
    const inQuery = queryNames(entry, url)
    if (values[option]?.some(([name]) => inQuery.has(name))) {
      const message = `names a parameter that the query of ${url} has already; keep one of the two.`
      findings.error(placeOf(entry, option), message)
    }
  }
  for (const own of ['resource', 'audience'] as const) {
    if (values[own] === undefined) continue
    for (const [option] of pairs) {
      if (!values[option]?.some(([name]) => name === own)) continue
      findings.error(placeOf(entry, option), `names ${own}, which the option ${own} sends already; keep one of the two.`)
    }
    for (const url of new Set(pairs.map(([, of]) => of))) {
      if (!queryNames(entry, url).has(own)) continue
      findings.error(
        placeOf(entry, url),
        `names ${own} in its query, which the option ${own} sends already; keep one of the two.`,
      )
    }
  }
}

function queryNames({ options }: Entry, option: UrlOption): ReadonlySet<string> {
  const url = options.values[option]
  return new Set(url === undefined ? [] : new URL(url).searchParams.keys())
}

/** Refresh tokens and the client secret go where the refreshes go. */
function checkRefreshUrl(entry: Entry, findings: Findings): void {
  const { 'token-url': tokenUrl, 'refresh-url': refreshUrl } = entry.options.values
  if (tokenUrl === undefined || refreshUrl === undefined) return
  const place = placeOf(entry, 'refresh-url')
  if (refreshUrl === tokenUrl) findings.warning(place, 'is the same as token-url and changes nothing; remove the line.')
  else if (!entry.brought.has('refresh-url') && new URL(refreshUrl).host !== new URL(tokenUrl).host) {
    const message =
      'lies at another host than token-url, so refresh tokens and the client secret travel there; make sure that the service says so.'
    findings.warning(place, message)
  }
}

/** Where the options that name a place look by themselves. */
const USUAL_PLACES = {
  'access-token-path': 'access_token',
  'refresh-token-path': 'refresh_token',
  'expires-in-path': 'expires_in',
  'expires-at-path': undefined,
  'scope-path': 'scope',
} as const

function checkReplies(entry: Entry, findings: Findings): void {
  const { values } = entry.options
  checkPlaces(entry, findings)
  if (values['expires-in-path'] && values['expires-at-path']) {
    const message = 'stands beside expires-at-path; a token reply tells a life or an instant, keep the one it tells.'
    findings.error(placeOf(entry, 'expires-in-path'), message)
  }
  checkKept(entry, findings)
  const { 'min-ttl': minTtl = 0, 'refresh-before': refreshBefore } = values
  if (refreshBefore !== undefined && minTtl > refreshBefore) {
    const message = 'asks for a longer life than refresh-before leaves a token; lower min-ttl or raise refresh-before.'
    findings.error(placeOf(entry, 'min-ttl'), message)
  }
}

/** No member of a reply is two things, whether its place is written or the usual one. */
function checkPlaces(entry: Entry, findings: Findings): void {
  const { values } = entry.options
  const beside = (values['access-token-path'] ?? []).slice(0, -1)
  const places = entriesOf(USUAL_PLACES).map(([option, usual]) => {
    const anyway = usual === undefined ? undefined : JSON.stringify(option === 'access-token-path' ? [usual] : [...beside, usual])
    const written = values[option] && JSON.stringify(values[option])
    // An instant takes the place of a life: some services write one into `expires_in`.
    const isUnused = !written && option === 'expires-in-path' && values['expires-at-path'] !== undefined
    return { option, written, anyway, place: isUnused ? undefined : (written ?? anyway) }
  })
  for (const [index, { option, written, anyway, place }] of places.entries()) {
    if (!written) continue
    if (written === anyway) {
      findings.warning(placeOf(entry, option), 'is where Benchkey looks anyway, so it changes nothing; remove the line.')
    }
    const other = places.find((each, at) => each.place === place && (at < index || (at > index && !each.written)))
    if (!other) continue
    const which = other.written ? `the same place as ${other.option}` : `the place where ${other.option} looks by itself`
    findings.error(placeOf(entry, option), `names ${which}; one of the two is wrong.`)
  }
}

/** What is kept is neither a token by another name nor two things under one. */
function checkKept(entry: Entry, findings: Findings): void {
  const { values } = entry.options
  const fields = values['keep-token-fields'] ?? []
  for (const option of ['access-token-path', 'refresh-token-path'] as const) {
    const path = JSON.stringify(values[option])
    if (!fields.some(({ pointer }) => JSON.stringify(pointer) === path)) continue
    const message = `names what ${option} names, and a session never gets secrets beside its token; remove it.`
    findings.error(placeOf(entry, 'keep-token-fields'), message)
  }
  const both = values['keep-callback-fields']?.find((callback) => fields.some(({ name }) => name === callback))
  if (both === undefined) return
  const message = `names ${both}, which keep-token-fields names too; under extra there is room for one of them.`
  findings.error(placeOf(entry, 'keep-callback-fields'), message)
}

function entriesOf<K extends string, V>(object: Readonly<Record<K, V>>): readonly (readonly [K, V])[] {
  return Object.entries(object) as [K, V][]
}

/** Where a finding about an option stands. */
export function placeOf(entry: Entry, option: Option): Place {
  return { line: lineOf(entry, option), section: entry.section.name, option }
}
