import { type Application, fillTemplate } from '../domain/application.ts'
import type { Integration } from '../domain/integration.ts'
import { Findings, type Place } from './diagnostics.ts'
import { type IniSection, parseIni, readIni } from './ini.ts'
import { nearestName } from './nearest.ts'
import { type ParseContext, type ReadOptions, readOptions, reportTroubles, type SpoiltLines } from './option-table.ts'
import { SESSION_DEFAULTS, SESSION_OPTIONS } from './session-options.ts'
import { SHIPPED_KINDS, type ShippedKind } from './shipped-kinds.ts'
import { factsIn, type HostFacts } from './templates.ts'

/** `sessions.conf` as read, and what it is judged by. */
export interface SessionsFile {
  /** As shown in findings. */
  readonly file: string
  /** Empty when there is no file. */
  readonly bytes: Uint8Array
  readonly context: ParseContext
  /** What `oauth-clients.conf` says; absent when that is wrong itself. */
  readonly integrations?: readonly Integration[]
  readonly host: HostFacts
  readonly findProgram: (names: readonly string[]) => Promise<string | undefined>
}

/** Kinds in file order, then the shipped ones that the file does not name; they are only good when no finding is an error. */
export interface SessionKinds {
  readonly applications: readonly Application[]
  readonly findings: Findings
}

type Options = ReadOptions<typeof SESSION_OPTIONS>

interface Kind {
  readonly section: string
  readonly shipped?: ShippedKind
  /** As the file has it; line 0 where it does not. */
  readonly line: number
  readonly lines: Options['lines']
  readonly values: Options['values']
}

/** A section header that can stand in an address and in the database. */
const SECTION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Reads `sessions.conf`, all findings at once. */
export async function readSessionsConf(source: SessionsFile): Promise<SessionKinds> {
  const findings = new Findings(source.file)
  const content = readIni(parseIni(source.bytes))
  const spoilt = reportTroubles(content, findings)
  for (const { line } of content.preamble.filter((each) => !spoilt.has(each.line))) {
    findings.error({ line }, 'This option stands before the first [section] header; move it below the header it belongs to.')
  }
  const written = readSections(content.sections, source, findings, spoilt)
  const others = SHIPPED_KINDS.filter(({ section }) => !written.some((kind) => kind.section === section))
  const kinds = [
    ...written,
    ...others.map((shipped) => ({ section: shipped.section, shipped, line: 0, lines: new Map(), values: {} })),
  ]
  const applications: Application[] = []
  for (const kind of kinds) {
    const application = await toApplication(kind, source, findings)
    if (application) applications.push(application)
  }
  warnOfEqualNames(applications, written, findings)
  return { applications, findings }
}

function readSections(
  sections: readonly IniSection[],
  { context }: SessionsFile,
  findings: Findings,
  spoilt: SpoiltLines,
): readonly Kind[] {
  const kinds = new Map<string, Kind>()
  for (const { name: section, line, options } of sections) {
    const { values, lines } = readOptions(SESSION_OPTIONS, options, { context, findings, section, spoilt })
    const place = { line, section }
    const first = kinds.get(section)
    if (first) {
      findings.error(place, `This section stands twice; the first one is in line ${first.line}. Rename one, or merge them.`)
      continue
    }
    if (!SECTION.test(section)) {
      findings.error(place, 'A section header here is made of at most 64 letters, digits, ".", "_" and "-", such as [jupyter].')
    }
    const shipped = SHIPPED_KINDS.find((kind) => kind.section === section)
    if (!shipped && !lines.has('command')) findings.error({ ...place, option: 'command' }, missingCommand(section))
    kinds.set(section, { section, line, lines, values, ...(shipped && { shipped }) })
  }
  return [...kinds.values()]
}

function missingCommand(section: string): string {
  const nearest = nearestName(
    section,
    SHIPPED_KINDS.map((kind) => kind.section),
  )
  const hint = nearest.isTypingError ? ` Did you mean the shipped kind [${nearest.name}]?` : ''
  return `is missing; this section needs it.${hint}`
}

async function toApplication(kind: Kind, source: SessionsFile, findings: Findings): Promise<Application | undefined> {
  const variant = await chooseVariant(kind, source)
  if (!variant) return undefined
  const { values, program } = variant
  checkTogether(kind, values, findings)
  const isOwn = kind.lines.has('command') || kind.lines.has('program')
  if (program === undefined && isOwn && values.disabled !== true) {
    const option = kind.lines.has('program') ? 'program' : 'command'
    findings.warning(placeOf(kind, option), 'names a program that is not on this host, so nobody is offered this kind.')
  }
  const limitedTo = limitOf(kind, values.integrations, source, findings)
  if (values.disabled === true) return undefined
  const facts = { ...source.host, program }
  const [first = '', ...rest] = (values.command ?? []).map((word) => fillTemplate(word, facts))
  return {
    section: kind.section,
    displayName: values.name ?? kind.section,
    icon: values.icon ?? SESSION_DEFAULTS.icon,
    command: [values.program === undefined ? (program ?? first) : first, ...rest],
    listen: values.listen ?? SESSION_DEFAULTS.listen,
    ...(values['secret-header'] && { secretHeader: values['secret-header'] }),
    readyPath: values['ready-path'] ?? SESSION_DEFAULTS.readyPath,
    readySeconds: values['ready-seconds'] ?? SESSION_DEFAULTS.readySeconds,
    basePath: values['base-path'] ?? SESSION_DEFAULTS.basePath,
    environment: mapValues(values.environment ?? {}, (value) => fillTemplate(value, facts)),
    ...(limitedTo && { limitedTo }),
    isFound: program !== undefined,
  }
}

interface Variant {
  readonly values: Options['values']
  /** Its program, where it is on this host. */
  readonly program?: string
}

/** What the section says over what the shipped kind says, in the way whose program is there; undefined without a command. */
async function chooseVariant({ shipped, values }: Kind, source: SessionsFile): Promise<Variant | undefined> {
  const variants = shipped ? shipped.variants.map((options) => ({ ...shippedValues(options, source), ...values })) : [values]
  for (const variant of variants) {
    const names = variant.program ?? variant.command?.slice(0, 1)
    const program = names && (await source.findProgram(names.map((name) => fillTemplate(name, source.host))))
    if (program !== undefined) return { values: variant, program }
  }
  const last = variants.at(-1)
  return last?.command ? { values: last } : undefined
}

function shippedValues(options: ShippedKind['variants'][number], { context }: SessionsFile): Options['values'] {
  const written = Object.entries(options).map(([name, value]) => ({ name, value, line: 0 }))
  return readOptions(SESSION_OPTIONS, written, { context, findings: new Findings(''), spoilt: new Set() }).values
}

/** What the options of one kind say about each other. */
function checkTogether(kind: Kind, values: Options['values'], findings: Findings): void {
  const { command = [], environment = {}, listen = SESSION_DEFAULTS.listen, 'secret-header': header } = values
  const facts = new Set([...command, ...Object.values(environment)].flatMap(factsIn))
  const spoilt = ['command', 'environment', 'listen', 'secret-header'] as const
  // A line that is a finding already makes no second one.
  if (spoilt.some((option) => kind.lines.has(option) && values[option] === undefined)) return
  const other = listen === 'socket' ? 'port' : 'socket'
  if (!facts.has(listen)) {
    findings.error(placeOf(kind, 'command'), `does not tell the program where to listen; write {${listen}}, or listen=${other}.`)
  }
  if (listen === 'port' && !header) {
    const message = 'lets every account of this host reach the program; write secret-header, or let it listen on a socket.'
    findings.error(placeOf(kind, 'listen'), message)
  }
  if (header && !facts.has('secret')) {
    findings.error(placeOf(kind, 'secret-header'), 'holds a secret that the program is not told; write {secret} in environment.')
  }
  if (!header && facts.has('secret')) {
    findings.error(placeOf(kind, 'environment'), 'holds {secret}, which nobody sends; write secret-header as well.')
  }
  if (values['base-path'] === 'keep' && !facts.has('base-path')) {
    const message =
      'is keep, and nothing tells the program its path; write {base-path} in command or environment if it asks for it.'
    findings.warning(placeOf(kind, 'base-path'), message)
  }
}

function limitOf(
  kind: Kind,
  names: readonly string[] | undefined,
  { integrations }: SessionsFile,
  findings: Findings,
): readonly string[] | undefined {
  if (!names || !integrations) return undefined
  const limitedTo: string[] = []
  for (const name of names) {
    const found = integrations.find(({ section, uid }) => section === name || uid === name.toLowerCase())
    if (found) limitedTo.push(found.uid)
    else {
      const sections = integrations.map(({ section }) => section)
      const nearest = sections.length === 0 ? undefined : nearestName(name, sections)
      const hint = nearest?.isLikely ? `did you mean ${nearest.name}?` : 'name its section.'
      findings.error(placeOf(kind, 'integrations'), `names an integration that oauth-clients.conf does not have; ${hint}`)
    }
  }
  return limitedTo
}

function warnOfEqualNames(applications: readonly Application[], written: readonly Kind[], findings: Findings): void {
  const first = new Map<string, Application>()
  for (const application of applications.filter(({ isFound }) => isFound)) {
    const other = first.get(application.displayName)
    if (!other) {
      first.set(application.displayName, application)
      continue
    }
    const culprit = [application, other].map(({ section }) => written.find((kind) => kind.section === section)).find(Boolean)
    const holder = culprit?.section === application.section ? other : application
    if (culprit) findings.warning(placeOf(culprit, 'name'), `People see the same name for [${holder.section}]; give one another.`)
  }
}

function placeOf(kind: Kind, option: keyof typeof SESSION_OPTIONS): Place {
  return { line: kind.lines.get(option) ?? kind.line, section: kind.section, option }
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
