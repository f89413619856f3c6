import { BenchkeyError } from './errors.ts'
import type { WireNames } from './wire.ts'

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** True for the form of an Integration ID: hexadecimal 8-4-4-4-12, any case. */
export function isIntegrationId(text: string): boolean {
  return GUID.test(text)
}

/**
 * The integration a person means by `asked`: ID, section, a section it had before, or display name in any case, in this order.
 * Throws `ambiguous_name` when two carry the display name, `unknown_integration` (naming the nearest) when none does.
 */
export function resolveIntegration<Names extends WireNames>(integrations: readonly Names[], asked: string): Names {
  const wanted = asked.trim()
  const exact =
    integrations.find((each) => each.uid === wanted.toLowerCase()) ??
    integrations.find((each) => each.name === wanted) ??
    integrations.find((each) => each.previous_names?.includes(wanted))
  if (exact) return exact
  const folded = fold(wanted)
  const named = integrations.filter((each) => fold(each.display_name) === folded || fold(each.name) === folded)
  const [first, second] = named
  if (first && second) {
    throw new BenchkeyError('ambiguous_name', `"${shown(asked)}" is the name of several integrations.`, {
      action: `Use the section or the ID: ${named.map((each) => `${each.name} (${each.uid})`).join(' or ')}.`,
    })
  }
  if (first) return first
  throw unknownIntegration(integrations, asked)
}

function unknownIntegration(integrations: readonly WireNames[], asked: string): BenchkeyError {
  const near = nearest(
    asked,
    integrations.flatMap((each) => [each.name, each.display_name]),
  )
  return new BenchkeyError(
    'unknown_integration',
    `There is no integration "${shown(asked)}" for you on this server. IDs differ between servers.`,
    { action: `${near === undefined ? '' : `Did you mean "${near}"? `}See yours with: benchkey integrations.` },
  )
}

/** The candidate closest to what was typed, or undefined when none is close enough to be meant. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(typed).slice(0, LONGEST_COMPARED)
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const folded = fold(candidate)
    const begins = wanted.length >= 3 && folded.startsWith(wanted)
    const distance = begins ? 1 : editDistance(wanted, folded.slice(0, LONGEST_COMPARED))
    if (!best || distance < best.distance) best = { candidate, distance }
  }
  const tolerated = Math.max(1, Math.floor(wanted.length / 3))
  return best && wanted !== '' && best.distance <= tolerated ? best.candidate : undefined
}

/** Longer names differ in what people do not mistype; the comparison is quadratic. */
const LONGEST_COMPARED = 80

/** Optimal string alignment: insertions, deletions, substitutions and swapped neighbours count one each. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, at(previous, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1)
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, b.length)
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

/** What was asked for, safe to print: no control characters, at most 80 characters. */
function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return clean.length <= 80 ? clean : `${clean.slice(0, 79)}…`
}
