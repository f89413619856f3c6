import { type ClientsFile, WriteRefused, type Written } from '../config/clients-file.ts'
import { fileMark } from '../config/masked-text.ts'
import { sectionsOf } from '../config/section-changes.ts'
import type { Effects } from '../domain/effects.ts'
import { type Store, StoreError } from '../store/store.ts'
import { aboutSelf } from './audit-desk.ts'
import type { AuditLog } from './audit-log.ts'
import type { DeployResult } from './broker-of-configuration.ts'
import type { Actor } from './broker-of-oversight.ts'
import type { ConfigurationNodes } from './configuration-nodes.ts'
import type { Plan } from './configuration-plan.ts'
import { summaryOf } from './configuration-words.ts'
import { kindOfFailure, type Log } from './log.ts'
import type { NodeIdentity } from './node-heart.ts'
import { newSecret } from './random-values.ts'
import type { ReplacedFiles } from './replaced-files.ts'

/** A deploy takes a second; whoever died in one keeps others from theirs for so long, in milliseconds. */
const DEPLOY_MS = 60_000

/** What a deploy is made of. */
export interface DeployParts {
  readonly store: Store
  readonly effects: Effects
  readonly audit: AuditLog
  readonly log: Log
  readonly file: ClientsFile
  readonly node: NodeIdentity
  readonly nodes: ConfigurationNodes
  readonly replaced: ReplacedFiles
}

const NOT_DURABLE =
  'A deployed configuration is written, but its disk does not confirm it: a power cut may bring the file before back. Look at the disk.'

/** Who deploys what. */
export interface DeployOrder {
  readonly plan: Plan
  /** Absent: an account that administers this host. */
  readonly by?: Actor
  readonly rolledBackTo?: number
  readonly summary: string
}

/**
 * Writes the file of a plan and brings it into force on all nodes. The version is kept before the file is written and confirmed
 * after it, so that whatever dies in between, the history has what lies in the file, and who put it there.
 */
export async function deployPlan(parts: DeployParts, order: DeployOrder): Promise<DeployResult> {
  const { store, effects, file, node, nodes, audit, log } = parts
  const { plan, by = {}, rolledBackTo, summary } = order
  const holder = `${node.holder.incarnation} ${newSecret(effects)}`
  const { bytes } = plan.merged
  await keepFoundFile(parts, plan, holder)
  const version = {
    ...{ contentHash: fileMark(bytes), content: bytes, summary, by: by.name ?? 'the command line' },
    ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
  }
  const number = await store.configuration.announce(version, holder, DEPLOY_MS)
  if (number === undefined) {
    return { kind: 'conflict', sentence: 'Another administrator deploys at this moment. Look at the review again in a minute.' }
  }
  let written: Written
  try {
    written = await file.write(bytes, plan.now.hash)
  } catch (failure) {
    await store.configuration.withdraw(number, holder)
    if (!(failure instanceof WriteRefused)) throw failure
    if (failure.kind === 'changed') {
      return { kind: 'conflict', sentence: 'The file was changed at this moment. Look at the review again.' }
    }
    await audit.record({ action: 'configuration.refused', outcome: 'refused', ...aboutSelf(by), detail: 'not written' })
    return { kind: 'blocked', sentence: failure.message }
  }
  if (!written.isDurable) log.warn({}, NOT_DURABLE)
  await confirmed(parts, number, holder)
  const inForce = written.replaced && (await parts.replaced.take(written.replaced, { number, before: plan.now.bytes }))
  const action = rolledBackTo === undefined ? 'configuration.deployed' : 'configuration.rolled_back'
  const to = rolledBackTo === undefined ? '' : ` as ${rolledBackTo} was`
  await audit.record({ action, outcome: 'ok', ...aboutSelf(by), detail: `version ${number}${to}: ${summary}` })
  await nodes.reloadEverywhere({ waits: false, by })
  return { kind: 'deployed', version: inForce ?? number }
}

/** A file that somebody edited by hand and nobody loaded becomes a version of its own before another one takes its place. */
async function keepFoundFile({ store }: DeployParts, { now, mark, before }: Plan, holder: string): Promise<void> {
  const newest = await store.configuration.newest()
  if (newest === undefined || newest.contentHash === mark) return
  const known = await store.configuration.content(newest.number)
  const summary = summaryOf(known ? sectionsOf(known) : new Map(), before)
  const number = await store.configuration.announce({ contentHash: mark, content: now.bytes, summary }, holder, DEPLOY_MS)
  // Otherwise another deploy is under way, which the caller is told next.
  if (number !== undefined) await store.configuration.confirm(number, holder)
}

/** The file is written: a database that takes nothing now hears of it later, when this node tells what it runs. */
async function confirmed({ store, log }: DeployParts, number: number, holder: string): Promise<void> {
  try {
    await store.configuration.confirm(number, holder)
  } catch (failure) {
    if (!(failure instanceof StoreError)) throw failure
    log.warn(
      { failure: kindOfFailure(failure) },
      'A deployed version could not be confirmed in the database; it is as soon as that can be written.',
    )
  }
}
