import type { Configuration } from '../config/configuration.ts'
import type { Application } from '../domain/application.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { AuditLog } from './audit-log.ts'
import type { Catalogue } from './catalogue.ts'
import { LaunchedSessions } from './launched-sessions.ts'
import { SessionBoard } from './launches.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import type { BrowserLogins } from './logins.ts'
import { sessionDoors } from './session-doors.ts'
import { BrowserEntries, type SessionPagesFacts } from './session-entries.ts'
import { SessionUses } from './session-uses.ts'
import { SessionKeeper, type SessionParts } from './sessions.ts'

/** The use cases about sessions. */
export interface SessionUseCases {
  /** Undefined when this server can start nothing in its users' names. */
  readonly launched: LaunchedSessions | undefined
  readonly sessions: SessionKeeper
  readonly launches: SessionBoard
  readonly sessionUses: SessionUses
  /** Those of the configuration now. */
  readonly applications: () => readonly Application[]
  readonly entries: BrowserEntries
  /** The configuration has others; sessions that run go on. */
  replaceApplications(applications: readonly Application[]): void
}

type Settled = 'audit' | 'changes' | 'publicUrl' | 'callbackAddress' | 'singleUser' | 'endLaunched'

/** What `main.ts` hands to the sessions. */
export interface SessionUseCaseParts extends Omit<SessionParts, Settled> {
  readonly configuration: Configuration
  /** Undefined when this server can start nothing in its users' names. */
  readonly local: LocalSessions | undefined
  readonly sessionPages: SessionPagesFacts
}

/** Sessions of every kind, over what the other use cases share. */
export function createSessions(
  parts: SessionUseCaseParts,
  shared: {
    readonly audit: AuditLog
    readonly changes: LiveChanges
    readonly catalogue: Catalogue
    readonly log: Log
    readonly logins: Pick<BrowserLogins, 'resume'>
  },
): SessionUseCases {
  const { store, local, configuration } = parts
  const { publicUrl, callbackAddress, singleUser, sessionTimeoutMinutes, sessionsPerUser: perUser } = configuration.server
  const idleAfterMs = sessionTimeoutMinutes * 60_000
  let known = configuration.applications
  const whole = { ...parts, ...shared, publicUrl, callbackAddress, singleUser, idleAfterMs, perUser, applications: () => known }
  const launched = local && new LaunchedSessions({ ...whole, local })
  const sessions = new SessionKeeper({
    ...whole,
    endLaunched: async (session, why, byName) =>
      launched ? await launched.end(session, why, byName) : await store.sessions.end(session.id, { why }),
  })
  return {
    launched,
    sessions,
    applications: whole.applications,
    sessionUses: new SessionUses(whole),
    launches: new SessionBoard({ ...whole, sessions, launched }),
    entries: new BrowserEntries({ ...whole, doorOf: sessionDoors(whole) }),
    replaceApplications: (applications) => {
      known = applications
    },
  }
}
