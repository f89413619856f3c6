import type { ClientsNow } from '../config/clients-file.ts'
import type { Diagnostic } from '../config/configuration.ts'
import { formatDiagnostic } from '../config/diagnostics.ts'
import { maskedDiff, NOT_SHOWN, shownValue } from '../config/masked-text.ts'
import { type ChangeConflict, sectionsOf } from '../config/section-changes.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import { printable } from '../domain/states.ts'
import type { ConfigurationConflict, ConfigurationFinding, ConfigurationReview } from './broker-of-configuration.ts'
import type { Catalogue } from './catalogue.ts'
import { costsOf } from './configuration-costs.ts'
import type { DeployParts } from './configuration-deploys.ts'
import type { Draft } from './configuration-drafts.ts'
import { findingsOf, type Plan, toldOf } from './configuration-plan.ts'
import { summaryOf } from './configuration-words.ts'

/** What a review is made of. */
export interface ReviewParts extends DeployParts {
  readonly catalogue: Catalogue
  readonly managedBy: string | undefined
}

/** What deploying a draft would do. `knowsSecrets`: who asks can read the file, and proves nothing by typing them. */
export async function reviewOf(
  parts: ReviewParts,
  draft: Draft,
  plan: Plan,
  { knowsSecrets = false }: { readonly knowsSecrets?: boolean } = {},
): Promise<ConfigurationReview> {
  const { store, file } = parts
  const [{ diagnostics }, versions, costs, readOnly] = await Promise.all([
    file.load(plan.shown),
    store.configuration.versions(),
    costsOf(parts, plan),
    whyReadOnly(parts, plan.now),
  ])
  const [newest] = versions
  const author = newest?.contentHash === plan.mark ? newest : undefined
  const diff = maskedDiff(plan.now.bytes, plan.shown, plan.typed)
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const blocked = readOnly ?? whyNot(plan, { errors, hasDiff: diff.length > 0, knowsSecrets })
  return {
    ...{ token: plan.token, diff, costs: diff.length === 0 ? [] : costs },
    findings: [...findingsOfAll(toldOf(diagnostics, plan.typed), file.path), ...filesPerhapsReplaced(plan)],
    conflicts: plan.merged.conflicts.map((conflict) => conflictOf(conflict, author)),
    alsoChanged: draft.rollbackTo === undefined ? await alsoChanged(parts, draft, plan, versions) : [],
    ...(blocked === undefined ? {} : { blocked }),
  }
}

/** A larger file is not written: sections of a thousand services take less, and 16 MiB are read at the most. */
const MOST_FILE_BYTES = 4 * 1024 * 1024

/** Why nothing can be changed on a page, and what to do instead; undefined: it can. */
export async function whyReadOnly({ managedBy, nodes }: ReviewParts, now: ClientsNow): Promise<string | undefined> {
  if (managedBy !== undefined) {
    return `${printable(managedBy)} manages the configuration of this server (configuration-managed-by in benchkey.conf). Change it there, then: benchkey reload.`
  }
  return now.readOnly ?? (await nodes.whyNotShared())
}

function whyNot(
  { merged, shown, secretsNeeded }: Plan,
  facts: { readonly errors: readonly Diagnostic[]; readonly hasDiff: boolean; readonly knowsSecrets: boolean },
): string | undefined {
  const { errors, hasDiff, knowsSecrets } = facts
  if (merged.conflicts.length > 0) return 'Another administrator changed the same. Decide what stays, then deploy.'
  if (errors.length > 0) {
    return `${errors.length === 1 ? 'One thing is' : `${errors.length} things are`} not right yet; see the findings.`
  }
  if (shown.length > MOST_FILE_BYTES) return 'The file would be larger than 4 MiB. Change it by hand, or remove something.'
  const [[section, why] = []] = secretsNeeded
  if (section !== undefined && why !== undefined && !knowsSecrets) return `[${printable(section)}] ${why}`
  return hasDiff ? undefined : 'Nothing is changed.'
}

/** Findings of other files name their file in the message. */
function findingsOfAll(diagnostics: readonly Diagnostic[], path: string): readonly ConfigurationFinding[] {
  return diagnostics.flatMap((each) => {
    if (each.file === path) return findingsOf([each])
    return [{ severity: each.severity, message: formatDiagnostic(each) }]
  })
}

/** A secret in a file of its own stays there if it was typed; whether it was is not told before. */
function filesPerhapsReplaced({ ground, origins, typed }: Plan): readonly ConfigurationFinding[] {
  return [...typed].flatMap(([section, names]) =>
    [...names].flatMap((name): readonly ConfigurationFinding[] => {
      const option = `${name}-file`
      if (ground.get(origins.get(section) ?? section)?.has(option) !== true) return []
      const message = 'stays as it is if its file holds the secret that was typed; otherwise the typed one takes its place.'
      return [{ severity: 'warning', section, option, message }]
    }),
  )
}

function conflictOf(
  { section, option, yours, theirs }: ChangeConflict,
  author: ConfigurationVersion | undefined,
): ConfigurationConflict {
  const shown = (value: string | null): string | undefined => {
    if (value === null) return undefined
    return option === undefined ? value : (shownValue(option, value) ?? NOT_SHOWN)
  }
  const [own, others] = [shown(yours), shown(theirs)]
  return {
    section,
    ...(option === undefined ? {} : { option }),
    ...(own === undefined ? {} : { yours: own }),
    ...(others === undefined ? {} : { theirs: others }),
    ...(author ? { by: author.by ?? 'the file', at: author.at } : {}),
  }
}

/** What others brought into the file since the draft was begun: who, when, what. */
async function alsoChanged(
  { store }: ReviewParts,
  draft: Draft,
  plan: Plan,
  versions: readonly ConfigurationVersion[],
): Promise<readonly string[]> {
  if (draft.changes.length === 0) return []
  const since = versions.filter(({ number }) => number > draft.startedAt).reverse()
  const told = since.map(({ by, at, summary }) => {
    return `${by === undefined ? 'Somebody, in the file' : printable(by)}, {time:${at.toISOString()}}: ${printable(summary)}. It stays.`
  })
  const [newest] = versions
  if (!newest || newest.contentHash === plan.mark) return told
  const before = await store.configuration.content(newest.number)
  const summary = before ? summaryOf(sectionsOf(before), plan.before) : 'other content'
  return [...told, `Somebody edited the file by hand, and it is not loaded yet: ${printable(summary)}. It stays.`]
}
