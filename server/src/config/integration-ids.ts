import { isUtf8 } from 'node:buffer'
import { Findings } from './diagnostics.ts'
import { guid } from './guid.ts'
import { JsonTrouble, type Placed, parsePlacedJson } from './placed-json.ts'

/** The Integration ID that another server gave to a section. */
export interface KnownId {
  /** In lower case. */
  readonly guid: string
  /** Where the file says so, from 1. */
  readonly line: number
}

/** Integration IDs by section, and what is wrong with the file. */
export interface IdList {
  readonly ids: ReadonlyMap<string, KnownId>
  /** False when no list could be made out, so that nothing can be missing from it. */
  readonly isReadable: boolean
  readonly findings: Findings
}

const EXPECTED = 'what integrations.find() prints is expected: a list of objects with name and guid'

/**
 * Reads the integrations of a Workbench server as its Python client lists them (`[{"name": …, "guid": …}, …]`), or as its
 * session RPC sends them (`{"providers": …}`, with `uid`). All findings at once; a broken file has one.
 */
export function readIntegrationIds(source: { readonly file: string; readonly bytes: Uint8Array }): IdList {
  const findings = new Findings(source.file)
  const ids = new Map<string, KnownId>()
  const entries = entriesOf(source.bytes, findings)
  for (const entry of entries ?? []) addId(entry, ids, findings)
  checkDoubles(ids, findings)
  return { ids, isReadable: entries !== undefined, findings }
}

/** Undefined when there is no list to be found. */
function entriesOf(bytes: Uint8Array, findings: Findings): readonly Placed[] | undefined {
  if (!isUtf8(bytes)) {
    findings.error({ line: 0 }, 'This file is not UTF-8 text; save what the command printed as UTF-8.')
    return undefined
  }
  try {
    const whole = parsePlacedJson(new TextDecoder().decode(bytes))
    const entries = listOf(whole)
    if (!entries) findings.error({ line: whole.line }, `This is not a list of integrations; ${EXPECTED}.`)
    else if (entries.length === 0) {
      findings.warning({ line: whole.line }, 'This list is empty; print it in a session of a user who sees the integrations.')
    }
    return entries
  } catch (error) {
    if (!(error instanceof JsonTrouble)) throw error
    findings.error({ line: error.line }, `This is not JSON from column ${error.column} on: ${error.message}; ${EXPECTED}.`)
    return undefined
  }
}

/** A plain list, or the lists inside a reply of the session RPC. */
function listOf({ value }: Placed): readonly Placed[] | undefined {
  if (isList(value)) return value
  if (!isObject(value)) return undefined
  const providers = value.get('providers')
  if (providers && isList(providers.value)) return providers.value.flatMap((provider) => listOf(provider) ?? [])
  const integrations = value.get('integrations')
  return integrations && isList(integrations.value) ? integrations.value : undefined
}

function addId({ line, value }: Placed, ids: Map<string, KnownId>, findings: Findings): void {
  const members = isObject(value) ? value : new Map<string, Placed>()
  const section = members.get('name')?.value
  const id = members.get('guid') ?? members.get('uid')
  if (typeof section !== 'string') {
    findings.error({ line }, `This entry has no name; ${EXPECTED}.`)
    return
  }
  if (!id || typeof id.value !== 'string') {
    findings.error({ line, section }, 'This entry has no guid; print the list anew.')
    return
  }
  const parsed = guid(id.value)
  if ('problem' in parsed) {
    findings.error({ line: id.line, section, option: 'guid' }, parsed.problem)
    return
  }
  const known = ids.get(section)
  if (known && known.guid !== parsed.value) {
    findings.error(
      { line, section },
      `This name stands twice with different IDs, first in line ${known.line}; keep the right one.`,
    )
  }
  if (!known) ids.set(section, { guid: parsed.value, line: id.line })
}

function checkDoubles(ids: ReadonlyMap<string, KnownId>, findings: Findings): void {
  const first = new Map<string, string>()
  for (const [section, { guid: id, line }] of ids) {
    const other = first.get(id)
    if (other === undefined) first.set(id, section)
    else findings.error({ line, section, option: 'guid' }, `is also the ID of [${other}]; every integration has its own.`)
  }
}

function isList(value: Placed['value']): value is readonly Placed[] {
  return Array.isArray(value)
}

function isObject(value: Placed['value']): value is ReadonlyMap<string, Placed> {
  return value instanceof Map
}
