import type { Findings } from './diagnostics.ts'
import { type Entry, placeOf } from './section-checks.ts'

/** What is copied with quotes around it from other kinds of files. The quotes of an address are an error of its own. */
const COPIED = ['client-id', 'client-secret', 'client-secret-next', 'name', 'description'] as const

/** Values that may be meant so, and hardly ever are. */
export function warnOfSlips(entry: Entry, findings: Findings): void {
  for (const option of COPIED) {
    const value = entry.options.values[option]
    if (value === undefined || !/^(["']).*\1$/.test(value)) continue
    const message = 'stands in quotes, which are part of the value here; remove them, unless they are meant.'
    findings.warning(placeOf(entry, option), message)
  }
  // RFC 6749 §3.3: what a scope is made of.
  if (entry.options.values.scopes?.some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) !== true) return
  const message =
    'holds a quote, a backslash or a letter that no scope has; write the names alone, with blanks or commas between them.'
  findings.warning(placeOf(entry, 'scopes'), message)
}
