import type { CommonProxies, NoProxyRule, OutgoingProxy } from '../domain/outgoing.ts'
import { type AuthorityRules, readAuthorities } from './authorities.ts'
import { Findings } from './diagnostics.ts'
import { ENV_VARS_OPTIONS, type EnvVarsOption } from './env-vars-options.ts'
import { readOwnFile } from './files.ts'
import { type IniOption, parseIni, readIni } from './ini.ts'
import { nearestName } from './nearest.ts'
import { noProxyRules } from './no-proxy.ts'
import { reportTroubles } from './option-table.ts'
import { unquoted } from './shell-values.ts'

/** `env-vars` as read, and what it is judged by. */
export interface EnvVarsFile {
  readonly file: string
  readonly bytes: Uint8Array
  readonly configDir: string
  readonly uid: number
  readonly now: Date
}

/** The way out of the whole server; only good when no finding is an error. */
export interface EnvVarsReading {
  /** Absent where the file sets nothing. */
  readonly commonProxies?: CommonProxies
  readonly findings: Findings
  /** The lines that hold a password. */
  readonly secrets: readonly { readonly line: number; readonly option: string }[]
}

interface Setting {
  /** As written. */
  readonly option: string
  readonly line: number
  /** Undefined when it was wrong; empty: none. */
  readonly text: string | undefined
}

type ProxyOption = 'http_proxy' | 'https_proxy' | 'all_proxy'
type Placed<T> = T & { readonly option: string; readonly line: number }

/** Reads `env-vars`, all findings at once. */
export async function readEnvVars(source: EnvVarsFile): Promise<EnvVarsReading> {
  const findings = new Findings(source.file)
  const content = readIni(parseIni(source.bytes))
  const spoilt = reportTroubles(content, findings)
  for (const { line } of content.sections) findings.error({ line }, 'This file has no sections; remove the header.')
  const written = [...content.preamble, ...content.sections.flatMap(({ options }) => options)]
  const settings = settingsOf(
    written.filter(({ line }) => !spoilt.has(line)),
    findings,
  )
  const [http, https, all] = (['http_proxy', 'https_proxy', 'all_proxy'] as const).map((option) =>
    proxyOf(option, settings, findings),
  )
  const noProxy = noProxyOf(settings.get('no_proxy'), findings)
  const extraCa = await authoritiesOf(settings.get('NODE_EXTRA_CA_CERTS'), source, findings)
  const [forHttp, forHttps] = [http ?? all, https ?? all].map((proxy) => (proxy === 'none' ? undefined : proxy))
  const secrets = [http, https, all].flatMap((proxy) =>
    typeof proxy === 'object' && proxy.password !== undefined ? [proxy] : [],
  )
  if (secrets.length > 0) await checkMode(source, findings)
  const commonProxies: CommonProxies = {
    ...(forHttp && { http: forHttp }),
    ...(forHttps && { https: forHttps }),
    noProxy,
    ...(extraCa !== undefined && { extraCa }),
  }
  const isEmpty = !forHttp && !forHttps && extraCa === undefined
  return { ...(!isEmpty && { commonProxies }), findings, secrets: secrets.map(({ line, option }) => ({ line, option })) }
}

/** Anybody may read which proxies there are, but not their passwords. */
async function checkMode({ file, uid }: EnvVarsFile, findings: Findings): Promise<void> {
  const { problems } = await readOwnFile(file, 'private', uid)
  for (const problem of problems) findings.error({ line: 0 }, `This file holds a password and ${problem}`)
}

/** By the spelling of the table; small letters go before capitals, as curl has it. */
function settingsOf(written: readonly IniOption[], findings: Findings): ReadonlyMap<EnvVarsOption, Setting> {
  const settings = new Map<EnvVarsOption, Setting>()
  const lines = new Map<string, number>()
  for (const { name, value, line } of written) {
    const option = name.replace(/^export[ \t]+/, '')
    const known = knownOption(option)
    if (known === undefined) {
      reportUnknown(option, line, findings)
      continue
    }
    const first = lines.get(option)
    if (first !== undefined) {
      findings.error({ line, option }, `is written twice; it first stands in line ${first}. Keep one of the two.`)
      continue
    }
    lines.set(option, line)
    const read = unquoted(value)
    if ('problem' in read) findings.error({ line, option }, read.problem)
    const setting = { option, line, text: 'problem' in read ? undefined : read.value }
    const other = settings.get(known)
    if (!other || option === known) settings.set(known, setting)
    if (other) warnOfOther(option === known ? other : setting, option === known ? setting : other, findings)
  }
  return settings
}

function warnOfOther(unused: Setting, used: Setting, findings: Findings): void {
  const message = `is not used, since ${used.option} in line ${used.line} goes before it; remove one of the two.`
  findings.warning({ line: unused.line, option: unused.option }, message)
}

function knownOption(name: string): EnvVarsOption | undefined {
  return (Object.keys(ENV_VARS_OPTIONS) as EnvVarsOption[]).find((known) => name === known || name === known.toUpperCase())
}

/** A name that may be the rest of a wrapped secret is not repeated. */
function reportUnknown(name: string, line: number, findings: Findings): void {
  const nearest = nearestName(name.toLowerCase(), Object.keys(ENV_VARS_OPTIONS))
  const hint = nearest.isTypingError ? ` Did you mean ${nearest.name}?` : ''
  const known = 'this file sets http_proxy, https_proxy, all_proxy, no_proxy and NODE_EXTRA_CA_CERTS only.'
  const isWord = /^[a-z]{1,16}(_[a-z]{1,16}){0,4}$/i.test(name)
  if (isWord || nearest.isTypingError) findings.warning({ line, option: name }, `is not read: ${known}${hint}`)
  else findings.warning({ line }, `This variable is not read: ${known}${hint}`)
}

function proxyOf(
  name: ProxyOption,
  settings: ReadonlyMap<EnvVarsOption, Setting>,
  findings: Findings,
): Placed<OutgoingProxy> | 'none' | undefined {
  const setting = settings.get(name)
  if (setting?.text === undefined) return undefined
  const { option, line, text } = setting
  if (text === '') return 'none'
  const parsed = ENV_VARS_OPTIONS[name].parse(text, NO_CONTEXT)
  if ('value' in parsed) return { ...parsed.value, option, line }
  findings.error({ line, option }, parsed.problem)
  return undefined
}

function noProxyOf(setting: Setting | undefined, findings: Findings): readonly Placed<NoProxyRule>[] {
  if (setting?.text === undefined) return []
  const { option, line, text } = setting
  const { rules, problems } = noProxyRules(text)
  for (const problem of problems) findings.error({ line, option }, problem)
  return rules.map((rule) => ({ ...rule, option, line }))
}

async function authoritiesOf(
  setting: Setting | undefined,
  { configDir, uid, now }: EnvVarsFile,
  findings: Findings,
): Promise<string | undefined> {
  if (setting === undefined || setting.text === undefined || setting.text === '') return undefined
  const { option, line, text } = setting
  const path = ENV_VARS_OPTIONS.NODE_EXTRA_CA_CERTS.parse(text, { ...NO_CONTEXT, configDir })
  const rules: AuthorityRules = { uid, now }
  const read = 'problem' in path ? path : await readAuthorities(path.value, rules)
  if ('problem' in read) {
    findings.error({ line, option }, read.problem)
    return undefined
  }
  for (const warning of read.value.warnings) findings.warning({ line, option }, warning)
  return read.value.pem
}

const NO_CONTEXT = { configDir: '/', allowsLoopback: false }
