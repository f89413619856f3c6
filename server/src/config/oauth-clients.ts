import type { Icon, Integration, ReplyPaths, WayOut } from '../domain/integration.ts'
import type { Authorities } from './authorities.ts'
import {
  checkSecrets,
  type SecretFile,
  type Secrets,
  secretFilesOf,
  secretLinesOf,
  secretsOf,
  warnOfExpiry,
} from './client-secrets.ts'
import { Findings } from './diagnostics.ts'
import { guidOfSection } from './guid.ts'
import { type IniSection, parseIni, readIni } from './ini.ts'
import { OAUTH_CLIENT_OPTIONS, SECTION_OPTIONS } from './oauth-clients-options.ts'
import { type ParseContext, type Parsed, readOptions, reportTroubles, type SpoiltLines } from './option-table.ts'
import { expandPreset } from './preset-expansion.ts'
import { checkGitHosts, checkPreviousNames, checkTogether, type Entry, isPublic, lineOf, placeOf } from './section-checks.ts'
import { warnOfSlips } from './slips.ts'

/** `oauth-clients.conf` as read, and how its secret files are. */
export interface OauthClientsFile {
  /** As shown in findings. */
  readonly file: string
  readonly bytes: Uint8Array
  readonly context: ParseContext
  /** Days that secrets end on are judged by this. */
  readonly now: Date
  readonly readSecret: (path: string) => Promise<Parsed<string>>
  readonly readIcon: (path: string) => Promise<Parsed<Icon>>
  readonly readAuthorities: (path: string) => Promise<Parsed<Authorities>>
}

/** Integrations in file order; they are only good when no finding is an error. */
export interface OauthClients {
  readonly integrations: readonly Integration[]
  readonly findings: Findings
  /** The files that `client-secret-file` and `client-secret-next-file` name. */
  readonly secretFiles: readonly SecretFile[]
}

/** Reads `oauth-clients.conf`, all findings at once. */
export async function readOauthClients(source: OauthClientsFile): Promise<OauthClients> {
  const findings = new Findings(source.file)
  const content = readIni(parseIni(source.bytes))
  const spoilt = reportTroubles(content, findings)
  for (const { line } of content.preamble.filter((each) => !spoilt.has(each.line))) {
    findings.error({ line }, 'This option stands before the first [section] header; move it below the header it belongs to.')
  }
  const entries = readSections(content.sections, source, findings, spoilt)
  checkPreviousNames(entries, findings)
  checkGitHosts(entries, findings)
  checkGuids(entries, findings)
  warnOfEqualNames(entries, findings)
  warnOfMixUp(entries, findings)
  const integrations: Integration[] = []
  for (const entry of entries) {
    const secrets = await secretsOf(entry, source.readSecret, findings)
    warnOfExpiry(entry, source.now, findings)
    const icon = await iconOf(entry, source, findings)
    const integration = toIntegration(entry, secrets, icon)
    const wayOut = await wayOutOf(entry, source, findings)
    if (integration) integrations.push({ ...integration, ...wayOut })
  }
  return { integrations, findings, secretFiles: entries.flatMap(secretFilesOf) }
}

function readSections(
  sections: readonly IniSection[],
  source: OauthClientsFile,
  findings: Findings,
  spoilt: SpoiltLines,
): readonly Entry[] {
  const entries: Entry[] = []
  const firstLines = new Map<string, number>()
  for (const section of sections) {
    const reading = { context: source.context, findings, section: section.name, spoilt }
    const { options, ...preset } = expandPreset(section, findings, spoilt)
    const entry = { section, options: readOptions(SECTION_OPTIONS, options, reading), ...preset }
    const place = { line: section.line, section: section.name }
    const first = firstLines.get(section.name)
    if (first !== undefined) {
      findings.error(place, `This section stands twice; the first one is in line ${first}. Rename one, or merge them.`)
      continue
    }
    firstLines.set(section.name, section.line)
    if (['', '.', '..'].includes(section.name)) {
      findings.error(place, 'A section header needs a name that can stand in a URL, such as [box-integration].')
    }
    checkRequired(entry, findings)
    checkTogether(entry, findings)
    checkSecrets(entry, findings)
    warnOfSlips(entry, findings)
    entries.push(entry)
  }
  return entries
}

function checkRequired(entry: Entry, findings: Findings): void {
  const { section, options } = entry
  for (const [option, row] of Object.entries(OAUTH_CLIENT_OPTIONS)) {
    if (row.required !== true || options.lines.has(option)) continue
    if (entry.isIncomplete && option !== 'client-id') continue
    findings.error({ line: section.line, section: section.name, option }, 'is missing; this section needs it.')
  }
  const place = { line: section.line, section: section.name, option: 'client-secret' }
  const [secret, file] = [options.lines.get('client-secret'), options.lines.get('client-secret-file')]
  if (isPublic(entry)) return
  if (secret === undefined && file === undefined) findings.error(place, 'is missing; write it, or client-secret-file.')
  if (secret !== undefined && file !== undefined) {
    const line = Math.max(secret, file)
    findings.error({ ...place, line }, 'stands beside client-secret-file; keep exactly one of the two.')
  }
}

function checkGuids(entries: readonly Entry[], findings: Findings): void {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const uid = uidOf(entry)
    const other = uid === undefined ? undefined : first.get(uid)
    if (uid !== undefined && !other) first.set(uid, entry)
    if (!other) continue
    // Two derived ones are alike by names, which is a finding already.
    if (![entry, other].some(({ options }) => options.lines.has('guid'))) continue
    // Of a derived and a written GUID only the written one can be changed.
    const culprit = entry.options.lines.has('guid') ? entry : other
    const holder = culprit === entry ? other : entry
    const place = { line: lineOf(culprit, 'guid'), section: culprit.section.name, option: 'guid' }
    findings.error(place, `is also the GUID of [${holder.section.name}], ${guidLine(holder)}; every integration needs its own.`)
  }
}

function guidLine(entry: Entry): string {
  const line = entry.options.lines.get('guid')
  if (line !== undefined) return `written in line ${line}`
  const previous = entry.options.lines.get('previous-names')
  return previous === undefined
    ? `derived from its header in line ${entry.section.line}`
    : `derived from its previous-names in line ${previous}`
}

function warnOfEqualNames(entries: readonly Entry[], findings: Findings): void {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const name = entry.options.values.name ?? entry.section.name
    const other = first.get(name)
    if (!other) {
      first.set(name, entry)
      continue
    }
    const line = entry.options.lines.get('name') ?? entry.section.line
    const message = `People see the same name as for [${other.section.name}] in line ${other.section.line}; give one of them another.`
    findings.warning({ line, section: entry.section.name, option: 'name' }, message)
  }
}

/** RFC 9700 §4.4: with several servers the client must know whose reply it got. */
function warnOfMixUp(entries: readonly Entry[], findings: Findings): void {
  const open = entries.filter(
    ({ options }) => !options.lines.has('issuer') && options.values['redirect-uri'] !== 'per-integration',
  )
  const [first, second] = open
  if (!first || !second) return
  const message =
    `${open.length} integrations, the first being [${first.section.name}], have neither issuer nor redirect-uri=per-integration, so a hostile ` +
    'service could pass off its reply as that of another (mix-up); write one of the two in each.'
  findings.warning({ line: second.section.line, section: second.section.name }, message)
}

async function iconOf(entry: Entry, source: OauthClientsFile, findings: Findings): Promise<Icon | undefined> {
  const path = entry.options.values.icon
  if (path === undefined) return undefined
  const read = await source.readIcon(path)
  if ('value' in read) return read.value
  findings.error({ line: lineOf(entry, 'icon'), section: entry.section.name, option: 'icon' }, read.problem)
  return undefined
}

/** What the options of `network-options.ts` say. */
async function wayOutOf(entry: Entry, source: OauthClientsFile, findings: Findings): Promise<Pick<WayOut, 'proxy' | 'extraCa'>> {
  const { proxy, 'ca-file': path } = entry.options.values
  const place = placeOf(entry, 'ca-file')
  const read = path === undefined ? undefined : await source.readAuthorities(path)
  if (read && 'problem' in read) findings.error(place, read.problem)
  const authorities = read && 'value' in read ? read.value : undefined
  for (const warning of authorities?.warnings ?? []) findings.warning(place, warning)
  return { ...optional('proxy', proxy), ...optional('extraCa', authorities?.pem) }
}

function toIntegration(entry: Entry, secrets: Secrets | undefined, icon: Icon | undefined): Integration | undefined {
  const { values } = entry.options
  const section = entry.section.name
  const uid = uidOf(entry)
  const { 'client-id': clientId, 'authorization-url': authorizationUrl, 'token-url': tokenUrl } = values
  if (
    clientId === undefined ||
    secrets === undefined ||
    authorizationUrl === undefined ||
    tokenUrl === undefined ||
    uid === undefined
  ) {
    return undefined
  }
  return {
    uid,
    section,
    displayName: values.name ?? section,
    client: {
      ...{ clientId, ...secrets, authenticationMethod: values['token-endpoint-auth-method'] ?? 'client-secret-post' },
      ...(values['basic-user-name'] && { isSecretUserName: true }),
    },
    authorizationUrl,
    tokenUrl,
    scopes: values.scopes ?? [],
    scopeSeparator: values['scope-separator'] ?? ' ',
    redirectUri: values['redirect-uri'] ?? 'fixed',
    pkce: values.pkce ?? 'S256',
    authorizationParams: values['authorization-params'] ?? [],
    refreshReuse: values['refresh-reuse'] ?? { kind: 'unknown' },
    revocationScope: values['revocation-scope'] ?? 'grant',
    deadRefreshErrors: values['dead-refresh-errors'] ?? [],
    ...optional('description', values.description),
    ...optional('documentationUrl', values['documentation-url']),
    ...optional('icon', icon),
    ...optional('gitHosts', values['git-hosts']),
    ...optional('previousNames', values['previous-names']),
    ...(values.enabled === false && { isDisabled: true }),
    ...optional('revocationUrl', values['revocation-url']),
    ...optional('issuer', values.issuer),
    ...optional('expiresInDefaultSeconds', values['expires-in-default']),
    ...optional('minTtlSeconds', values['min-ttl']),
    ...providerFacts(values),
    ...accountFacts(entry),
  }
}

/** What the options of `account-options.ts` say. */
function accountFacts(entry: Entry): Partial<Integration> {
  const { values } = entry.options
  const lines = secretLinesOf(entry)
  return {
    ...optional('accountUrl', values['account-url']),
    ...optional('accountPath', values['account-path']),
    ...optional('chooseAccountParams', values['choose-account-params']),
    ...optional('clientSecretExpires', values['client-secret-expires']),
    ...(lines.next === undefined && lines.expires === undefined ? {} : { secretLines: lines }),
  }
}

/** What the options of `provider-options.ts` say. */
function providerFacts(values: Entry['options']['values']): Partial<Integration> {
  return {
    ...optional('tokenParams', values['token-params']),
    ...optional('refreshParams', values['refresh-params']),
    ...(values['token-body'] === 'json' && { tokenBody: 'json' }),
    ...optional('refreshUrl', values['refresh-url']),
    ...optional('resources', values.resource),
    ...optional('audience', values.audience),
    ...optional('validateUrl', values['validate-url']),
    ...optional('keptTokenFields', values['keep-token-fields']),
    ...optional('keptCallbackFields', values['keep-callback-fields']),
    ...replyPathsOf(values),
    ...(values['expires-in-unit'] === 'milliseconds' && { expiresInUnit: 'milliseconds' }),
    ...optional('refreshBeforeSeconds', values['refresh-before']),
    ...presetFacts(values),
  }
}

function presetFacts(values: Entry['options']['values']): Pick<Integration, 'preset' | 'renamedParameters'> {
  const renamed = { ...optional('clientId', values['client-id-param']), ...optional('code', values['code-param']) }
  return {
    ...optional('preset', values.preset),
    ...(Object.keys(renamed).length > 0 && { renamedParameters: renamed }),
  }
}

function replyPathsOf(values: Entry['options']['values']): Pick<Integration, 'replyPaths'> {
  const replyPaths: ReplyPaths = {
    ...optional('accessToken', values['access-token-path']),
    ...optional('refreshToken', values['refresh-token-path']),
    ...optional('expiresIn', values['expires-in-path']),
    ...optional('expiresAt', values['expires-at-path']),
    ...optional('scope', values['scope-path']),
  }
  return Object.keys(replyPaths).length === 0 ? {} : { replyPaths }
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}

/** Undefined when `guid` is written and wrong. */
function uidOf(entry: Entry): string | undefined {
  const { lines, values } = entry.options
  return lines.has('guid') ? values.guid : guidOfSection(values['previous-names']?.[0] ?? entry.section.name)
}
