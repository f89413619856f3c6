import { sectionsOf } from '../config/section-changes.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import { printable } from '../domain/states.ts'
import type { ConfigurationOverview, ConfiguredSection } from './broker-of-configuration.ts'
import type { Draft } from './configuration-drafts.ts'
import { findingsOf, type Plan } from './configuration-plan.ts'
import { type ReviewParts, whyReadOnly } from './configuration-review.ts'
import { rowOf } from './configuration-views.ts'
import { changedSections, editedMeanwhile, summaryOf } from './configuration-words.ts'

/** The list of sections with what a draft changes in it. */
export async function overviewOf(parts: ReviewParts, draft: Draft, plan: Plan): Promise<ConfigurationOverview> {
  const { store, catalogue, file, nodes } = parts
  const [versions, answers, readOnly, troubles, signIns] = await Promise.all([
    store.configuration.versions(),
    nodes.answers(),
    whyReadOnly(parts, plan.now),
    store.integrations.troubles(),
    store.tokens.list(),
  ])
  const [newest] = versions
  const byHand = editedMeanwhile(versions)
  const people = Map.groupBy(signIns, ({ token }) => token.integrationId)
  const findings = findingsOf(plan.findings)
  const changes = changesOf(draft, plan)
  const row = (section: string, in_: 'after' | 'before'): ConfiguredSection => {
    const clients = in_ === 'after' ? plan.next : plan.current
    const integration = clients.integrations.find((each) => each.section === section)
    const internalId = integration && catalogue.internalId(integration.uid)
    const trouble = internalId === undefined ? undefined : troubles.get(internalId)
    const isOfNow = integration && trouble?.configurationHash === catalogue.configurationHashOf(integration)
    const change = in_ === 'before' ? 'removed' : plan.origins.has(section) ? 'changed' : 'added'
    return rowOf({
      ...{ section, integration, findings },
      written: plan[in_].get(section) ?? new Map(),
      people: internalId === undefined ? 0 : (people.get(internalId)?.length ?? 0),
      trouble: isOfNow ? trouble : undefined,
      change: changes.includes(section) ? change : undefined,
    })
  }
  const kept = new Set(plan.origins.values())
  const removed = [...plan.before.keys()].filter((section) => !kept.has(section))
  return {
    ...{ redirectUri: catalogue.redirectUriOf({ section: '', redirectUri: 'fixed' }), file: file.path },
    version: newest?.number ?? 0,
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(newest === undefined || nodes.runs(plan.now.bytes) ? {} : { notLoaded: await notLoaded(store, newest, plan) }),
    integrations: inFileOrder(
      [...plan.after.keys()].map((section) => row(section, 'after')),
      removed.map((section) => row(section, 'before')),
      plan,
    ),
    ...{ changes, nodes: answers },
    findings: byHand === undefined ? findings : [{ severity: 'warning', message: byHand }, ...findings],
  }
}

/** The file as somebody left it is not the version in force. */
async function notLoaded(store: ReviewParts['store'], { number }: ConfigurationVersion, { now, before }: Plan): Promise<string> {
  if (now.bytes.length === 0) {
    return `The file is gone or empty, and version ${number} is still in force. Reload if that is meant; otherwise go back to it by History.`
  }
  const content = await store.configuration.content(number)
  const summary = summaryOf(content ? sectionsOf(content) : new Map(), before)
  return `Somebody edited the file by hand, and version ${number} is still in force: ${printable(summary)}.`
}

/** What is changed in the file, and where a secret was typed that is the one of now. */
function changesOf(draft: Draft, { before, after, origins }: Plan): readonly string[] {
  const typed = draft.changes.filter(({ section, isRemoved }) => !isRemoved && after.has(section)).map(({ section }) => section)
  return [...new Set([...changedSections(before, after, origins), ...typed])]
}

/** Removed ones stand after the one that stood before them. */
function inFileOrder(
  present: readonly ConfiguredSection[],
  removed: readonly ConfiguredSection[],
  { before, origins }: Plan,
): readonly ConfiguredSection[] {
  const rows = [...present]
  const order = [...before.keys()]
  for (const row of removed) {
    const earlier = new Set(order.slice(0, order.indexOf(row.section)))
    const at = rows.findLastIndex(({ section }) => earlier.has(origins.get(section) ?? section))
    rows.splice(at + 1, 0, row)
  }
  return rows
}
