import { counted } from '../domain/oversight-words.ts'
import type { BrowserSession, User } from '../domain/people.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Sessions, SignIns } from './broker.ts'
import type { EverywhereCounts } from './broker-of-activity.ts'
import type { Catalogue } from './catalogue.ts'
import { orSayAway } from './database-away.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'

/** What ends everything of one person. */
export interface EverywhereParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
  readonly sessions: Pick<Sessions, 'end'>
  readonly signIns: Pick<SignIns, 'signOut'>
}

/**
 * For somebody who sees something they do not recognise: every other browser is logged out first, so that nobody there undoes the
 * rest, then every session ends, then every sign-in goes. Each step is harmless to repeat, so whoever is told of a failure presses again.
 */
export async function signOutEverywhere(
  parts: EverywhereParts,
  { user, idHash }: BrowserSession,
  address: string,
): Promise<EverywhereCounts> {
  const { store, audit, changes, log } = parts
  const browsers = await orSayAway(log, 'A sign-out', store.browserSessions.removeOthers(user.id, idHash))
  changes.publish(user.id, 'logged_out')
  // A terminal that was approved and has not asked since would be a session afterwards.
  await store.deviceLogins.withdrawApprovals(user.id)
  const sessions = await endSessions(parts, user)
  const signIns = await removeSignIns(parts, user, address)
  const detail = [counted(browsers, 'other browser'), counted(sessions, 'session'), counted(signIns, 'sign-in')].join(', ')
  await audit.record({ action: 'login.ended_everywhere', outcome: 'ok', userName: user.name, address, detail })
  changes.publish(user.id, 'sessions')
  return { browsers, sessions, signIns }
}

async function endSessions({ store, sessions }: EverywhereParts, user: User): Promise<number> {
  const own = (await store.sessions.list()).filter(({ userId }) => userId === user.id)
  const ended = await Promise.all(own.map(({ id }) => sessions.end(id, 'your sign-out everywhere')))
  return ended.filter(Boolean).length
}

/** Those at integrations that are not configured any more as well. */
async function removeSignIns(
  { store, catalogue, audit, signIns }: EverywhereParts,
  user: User,
  address: string,
): Promise<number> {
  const stored = await store.tokens.listForUser(user.id)
  for (const { integrationId } of stored) {
    const integration = catalogue.findByInternalId(integrationId)
    if (integration) await signIns.signOut(user, integration.uid, address)
    else {
      await store.tokens.remove(user.id, integrationId, { queue: false, giveUpAt: store.now() })
      const detail = 'the integration is not configured any more'
      await audit.record({ action: 'sign_out', outcome: 'ok', userName: user.name, address, detail })
    }
  }
  return stored.length
}
