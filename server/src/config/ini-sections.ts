import { checkWritable, type IniDocument, type IniLine, insertLines, lineEndOf, parseLine, toBytes } from './ini.ts'

/** A document with a new section at its end, after a blank line. Throws RangeError when it could not be read back. */
export function addSection(
  document: IniDocument,
  section: string,
  options: readonly (readonly [name: string, value: string])[],
): IniDocument {
  for (const [name, value] of options) checkWritable(section, name, value)
  const end = lineEndOf(document)
  const last = document.lines.at(-1)
  const gap = last === undefined || last.kind === 'blank' ? [] : [parseLine('', end)]
  const lines = [headerLine(section, end), ...options.map(([name, value]) => parseLine(toBytes(`${name}=${value}`), end))]
  return insertLines(document, document.lines.length, [...gap, ...lines], end)
}

/** A document without a section, the comments right above its header and those among its options; all else stays as it is. */
export function removeSection(document: IniDocument, section: string): IniDocument {
  const lines = [...document.lines]
  for (let at = lastHeader(lines, section); at !== -1; at = lastHeader(lines, section)) {
    const [start, stop] = extentOf(lines, at)
    lines.splice(start, stop - start)
    // What parted it from the section before parts nothing any more.
    if (start === lines.length) while (lines.at(-1)?.kind === 'blank') lines.pop()
  }
  return { ...document, lines }
}

/** A document in which a section has another header; every other line stays as it is. Throws RangeError as `addSection`. */
export function renameSection(document: IniDocument, section: string, to: string): IniDocument {
  const lines = document.lines.map((line) => {
    if (line.kind !== 'section' || line.name !== section) return line
    const [before = '', after = ''] = [/^[ \t]*\[[ \t]*/.exec(line.text)?.[0], /[ \t]*\][ \t]*$/.exec(line.text)?.[0]]
    return checkedHeader(`${before}${toBytes(to)}${after}`, line.end, to)
  })
  return { ...document, lines }
}

function headerLine(section: string, end: string): IniLine {
  return checkedHeader(`[${toBytes(section)}]`, end, section)
}

function checkedHeader(text: string, end: string, section: string): IniLine {
  checkWritable(section, 'x', '')
  const line = parseLine(text, end)
  if (line.kind !== 'section' || line.name !== section) throw new RangeError('This header could not be read back.')
  return line
}

function lastHeader(lines: readonly IniLine[], section: string): number {
  return lines.findLastIndex((line) => line.kind === 'section' && line.name === section)
}

/**
 * From the comments that touch the header to the last line that touches its options, and the blank lines after that. A comment on
 * the first line speaks for the file, one after a blank line for what comes next.
 */
function extentOf(lines: readonly IniLine[], header: number): readonly [start: number, stop: number] {
  let start = header
  while (lines[start - 1]?.kind === 'comment') start -= 1
  if (start === 0) start = header
  let next = lines.findIndex((line, index) => index > header && line.kind === 'section')
  if (next === -1) next = lines.length
  let stop = header + 1
  for (let at = stop; at < next; at += 1) if (isContent(lines[at])) stop = at + 1
  while (stop < next && lines[stop]?.kind === 'comment') stop += 1
  // Comments that touch the next header are that section's.
  if (stop === next && next < lines.length) while (stop > header + 1 && lines[stop - 1]?.kind === 'comment') stop -= 1
  while (stop < next && lines[stop]?.kind === 'blank') stop += 1
  return [start, stop]
}

function isContent(line: IniLine | undefined): boolean {
  return line?.kind === 'option' || line?.kind === 'unreadable'
}
