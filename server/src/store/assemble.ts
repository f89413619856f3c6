import { activityStore } from './activity.ts'
import { attemptStore } from './attempts.ts'
import { auditStore } from './audit.ts'
import { browserSessionStore } from './browser-sessions.ts'
import { configurationStore } from './configuration.ts'
import { type StoreContext, toDate } from './database.ts'
import { deviceLoginStore } from './device-logins.ts'
import { epochOf } from './epoch.ts'
import { integrationStore } from './integrations.ts'
import { FileJournal } from './journal.ts'
import { nodeStore } from './nodes.ts'
import { revocationStore } from './revocations.ts'
import { serviceStore } from './services.ts'
import { entryStore } from './session-entries.ts'
import { sessionStore } from './sessions.ts'
import type { SessionStore, Store } from './store.ts'
import { tokenStore } from './tokens.ts'
import { unreadReplyStore } from './unread-replies.ts'
import { userStore } from './users.ts'

/** The store over an open database whose tables are there. `effects.now` of the context is the database's clock. */
export function assemble(
  context: StoreContext,
  own: {
    readonly deploymentId: string
    readonly dialect: Store['dialect']
    readonly lookUp: SessionStore['lookUp']
    readonly close: () => Promise<void>
  },
): Store {
  return {
    deploymentId: own.deploymentId,
    users: userStore(context),
    browserSessions: browserSessionStore(context),
    integrations: integrationStore(context),
    attempts: attemptStore(context),
    tokens: tokenStore(context),
    unreadReplies: unreadReplyStore(context),
    sessions: sessionStore(context, own.lookUp),
    entries: entryStore(context),
    deviceLogins: deviceLoginStore(context),
    services: serviceStore(context),
    revocations: revocationStore(context),
    audit: auditStore(context),
    activity: activityStore(context),
    nodes: nodeStore(context),
    configuration: configurationStore(context),
    sentinels: () => context.database.reader.selectFrom('keys').select(['kid', 'sentinel']).execute(),
    dialect: own.dialect,
    keys: async () => {
      const rows = await context.database.reader.selectFrom('keys').select(['kid', 'created_at']).orderBy('created_at').execute()
      const { primaryKid } = context.cipher
      return rows.map(({ kid, created_at: at }) => ({ kid, createdAt: toDate(at), isActive: kid === primaryKid }))
    },
    now: () => context.effects.now(),
    ping: () => context.database.ping(),
    openJournal: (folder, holder) => {
      const { cipher, effects, database } = context
      return new FileJournal({ folder, cipher, effects, holder, writesAhead: database.mayLoseCommits })
    },
    epoch: () => epochOf(context.database),
    close: own.close,
  }
}
