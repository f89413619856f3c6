import { Findings } from './diagnostics.ts'
import { commentOut, type IniDocument, type IniSection, parseIni, printIni, readIni, setValue } from './ini.ts'
import { type IdList, type KnownId, readIntegrationIds } from './integration-ids.ts'

/** A file and its bytes; `file` as shown in findings. */
export interface NamedBytes {
  readonly file: string
  readonly bytes: Uint8Array
}

/** A Workbench `oauth-clients.conf` made ours. */
export interface Imported {
  /** The new file: the old one with a `guid` in each section whose ID is known, and all else as it was. */
  readonly bytes: Buffer
  /** The line of the old file that a line of the new one stands for; both from 1. */
  readonly oldLine: (line: number) => number
  /** Sections whose ID is carried over. */
  readonly carried: ReadonlySet<string>
  /** About the old file, and about the list of IDs. */
  readonly findings: readonly Findings[]
}

/** What Workbench has a default for, and so takes without a value. */
const MAY_BE_EMPTY = new Set(['name', 'scopes', 'token-endpoint-auth-method'])

/** Takes over a Workbench `oauth-clients.conf`; `ids` is what its Python client lists (integration-ids.ts). */
export function importWorkbench(source: NamedBytes, ids: NamedBytes | undefined): Imported {
  const findings = new Findings(source.file)
  const list = ids && readIntegrationIds(ids)
  const old = withoutEmptyOptions(parseIni(source.bytes), findings)
  const carried = new Set<string>()
  const seen = new Set<string>()
  let document = old
  for (const section of readIni(old).sections) {
    warnOfQuotes(section, findings)
    if (seen.has(section.name)) continue
    seen.add(section.name)
    const id = idOf(section, list, ids?.file, findings)
    if (id === undefined) continue
    carried.add(section.name)
    if (id !== 'written') document = setValue(document, section.name, 'guid', id.guid)
  }
  for (const [section, { line }] of list?.ids ?? []) {
    if (seen.has(section)) continue
    const message = `This ID belongs to no section of ${source.file}, so it is not carried over.`
    list?.findings.warning({ line, section }, message)
  }
  const both = list ? [findings, list.findings] : [findings]
  return { bytes: printIni(document), oldLine: oldLines(old, document), carried, findings: both }
}

/** The ID a section gets, `written` when it has it already; undefined = a new one, derived from its header. */
function idOf(
  { name, line, options }: IniSection,
  list: IdList | undefined,
  idsFile: string | undefined,
  findings: Findings,
): KnownId | 'written' | undefined {
  const written = options.find((option) => option.name === 'guid')
  const known = list?.ids.get(name)
  if (written) {
    if (known && known.guid !== written.value.toLowerCase()) {
      const message = `is not the ID that ${idsFile} has in line ${known.line}; keep the one that people's code uses.`
      findings.error({ line: written.line, section: name, option: 'guid' }, message)
    }
    return 'written'
  }
  // Such a header is an error anyway, or nothing that an ID could be written for.
  if (/\p{Cc}/u.test(name)) return undefined
  if (!known && list?.isReadable !== false) {
    const why = list ? `${idsFile} has no ID for this section` : 'Its old ID is not known without --ids'
    findings.warning({ line, section: name }, `${why}, so it gets a new one; code that uses the old one has to be changed.`)
  }
  return known
}

function withoutEmptyOptions(document: IniDocument, findings: Findings): IniDocument {
  let edited = document
  for (const section of readIni(document).sections) {
    for (const { name, value, line } of section.options) {
      if (value !== '' || !MAY_BE_EMPTY.has(name)) continue
      const place = { line, section: section.name, option: name }
      findings.warning(place, 'has no value, which says nothing here; the line becomes a comment.')
      edited = commentOut(edited, line)
    }
  }
  return edited
}

function warnOfQuotes({ name: section, options }: IniSection, findings: Findings): void {
  for (const { name, value, line } of options) {
    if (!/^(["']).*\1$/.test(value)) continue
    findings.warning(
      { line, section, option: name },
      'stands in quotes, which are part of the value here; remove them unless they are meant.',
    )
  }
}

/** Lines are only ever added, so a line of the new file is the next one of the old, or belongs to the one before. */
function oldLines(old: IniDocument, document: IniDocument): Imported['oldLine'] {
  let at = 0
  const numbers = document.lines.map(({ text }) => {
    if (old.lines[at]?.text === text) at += 1
    return Math.max(1, at)
  })
  return (line) => numbers[line - 1] ?? Math.max(1, at)
}
