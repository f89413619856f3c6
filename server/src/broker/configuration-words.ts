import type { WrittenOptions } from '../config/section-changes.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'

type Sections = ReadonlyMap<string, WrittenOptions>

/** What a version changed, by section headers: "added box; changed salesforce". `origins`: headers before, by headers now. */
export function summaryOf(before: Sections, after: Sections, origins?: ReadonlyMap<string, string>): string {
  const was = (section: string): string | undefined => origins?.get(section) ?? (before.has(section) ? section : undefined)
  const kept = new Set([...after.keys()].map(was))
  const added = [...after.keys()].filter((section) => was(section) === undefined)
  const renamed = [...after.keys()].filter((section) => was(section) !== undefined && was(section) !== section)
  const changed = [...after.keys()].filter((section) => {
    const origin = was(section)
    return origin === section && !isSame(before.get(origin), after.get(section))
  })
  const removed = [...before.keys()].filter((section) => !kept.has(section))
  const parts = [
    ...named('added', added),
    ...named('changed', changed),
    ...renamed.map((section) => `renamed ${was(section)} to ${section}`),
    ...named('removed', removed),
  ]
  return parts.length === 0 ? 'changed comments or layout' : parts.join('; ')
}

const BY_HAND = 'edited by hand while version'

/** Of what somebody wrote into a file that a deploy replaced. */
export function summaryByHand(deployed: number, before: Sections, found: Sections): string {
  return `${BY_HAND} ${deployed} was deployed: ${summaryOf(before, found)}`
}

/** Tells of the newest such version as long as nothing else was deployed. `versions`: newest first. */
export function editedMeanwhile([newest, found]: readonly ConfigurationVersion[]): string | undefined {
  if (found?.by !== undefined || !found?.summary.startsWith(BY_HAND) || newest?.rolledBackTo !== found.number - 1)
    return undefined
  return `Somebody edited the file by hand while version ${newest.rolledBackTo} was deployed. What they wrote is not in force; it is kept as version ${found.number}: look at it in History, and go back to it there or make the change again.`
}

/** Sections that an administrator changed, by their headers now; removed ones by the header they had. */
export function changedSections(before: Sections, after: Sections, origins: ReadonlyMap<string, string>): readonly string[] {
  const kept = new Set(origins.values())
  const changed = [...after.keys()].filter((section) => {
    const origin = origins.get(section)
    return origin !== section || !isSame(before.get(origin), after.get(section))
  })
  return [...changed, ...[...before.keys()].filter((section) => !kept.has(section))]
}

function named(verb: string, sections: readonly string[]): readonly string[] {
  if (sections.length === 0) return []
  const shown = sections.slice(0, MOST_NAMED).join(', ')
  const rest = sections.length - MOST_NAMED
  return [`${verb} ${shown}${rest > 0 ? ` and ${rest} more` : ''}`]
}

/** More names than this tell nothing more in one line. */
const MOST_NAMED = 8

function isSame(a: WrittenOptions | undefined, b: WrittenOptions | undefined): boolean {
  if (!a || !b) return a === b
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)
}
