import { Findings } from './diagnostics.ts'
import { parseIni, readIni } from './ini.ts'
import { type OptionTable, type ParseContext, type ReadOptions, readOptions, reportTroubles } from './option-table.ts'

/** A file of options without sections, as `benchkey.conf` is: its values, and all findings at once. */
export function readKeyValueFile<T extends OptionTable>(
  table: T,
  source: { readonly file: string; readonly bytes: Uint8Array; readonly context: ParseContext },
): ReadOptions<T> & { readonly findings: Findings } {
  const findings = new Findings(source.file)
  const content = readIni(parseIni(source.bytes))
  const spoilt = reportTroubles(content, findings)
  for (const { name, line } of content.sections) {
    findings.error({ line, section: name }, 'This file has no sections; remove the header.')
  }
  const options = [...content.preamble, ...content.sections.flatMap((section) => section.options)]
  const read = readOptions(table, options, { context: source.context, findings, spoilt })
  for (const [option, row] of Object.entries(table)) {
    if (row.required === true && !read.lines.has(option)) findings.error({ line: 0, option }, 'is missing; this file needs it.')
  }
  return { ...read, findings }
}
