import type { DevelopmentSession } from '../domain/people.ts'
import type { AuditLog } from './audit-log.ts'
import { handleOf, type LaunchingParts } from './launching.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'

/** What ending launched sessions takes. */
export interface SessionEndingsParts extends LaunchingParts {
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
}

/** What the audit says of an end. */
export interface Ending {
  readonly action?: string
  /** The administrator who ended it. */
  readonly byName?: string
}

/** How launched sessions end: the row first, so that the cookie is dead, then the processes, the files, and the row for good. */
export class SessionEndings {
  readonly #parts: SessionEndingsParts

  constructor(parts: SessionEndingsParts) {
    this.#parts = parts
  }

  /** Its cookie is dead when this resolves; `finish` has to follow. False when it was ending or had ended. */
  async begin(session: DevelopmentSession, why: string, { action = 'session.ended', byName }: Ending = {}): Promise<boolean> {
    const { store, audit } = this.#parts
    if (!(await store.sessions.beginEnding(session.id, why))) return false
    const by = byName === undefined ? {} : { byName }
    await audit.record({ action, outcome: 'ok', ...namesOf(session), detail: why.replaceAll(/\{time:([^}]*)\}/g, '$1'), ...by })
    this.changed(session)
    return true
  }

  /** Stops what still runs of an ending session and removes its files; resolves when both are gone. */
  async finish(session: DevelopmentSession): Promise<void> {
    const log = await this.#clearAway(session)
    if (await this.#parts.store.sessions.end(session.id, { log })) this.changed(session)
  }

  /** It never came up. `why`: words for people, without a full stop. */
  async fail(session: DevelopmentSession, why: string): Promise<void> {
    const { store, audit } = this.#parts
    const log = await this.#clearAway(session)
    if (!(await store.sessions.end(session.id, { why, didNotStart: true, log }))) return
    await audit.record({ action: 'session.failed', outcome: 'failed', ...namesOf(session), detail: why })
    this.changed(session)
  }

  /** Pages that show it look again. */
  changed({ userId }: Pick<DevelopmentSession, 'userId'>): void {
    this.#parts.changes.publish(userId, 'sessions')
  }

  /** Answers what its application wrote last. */
  async #clearAway(session: DevelopmentSession): Promise<readonly string[]> {
    const { local, log, store } = this.#parts
    const handle = handleOf((await store.sessions.find(session.id)) ?? session, this.#parts)
    await local.launcher.stop(handle)
    const lines = await local.files.readLog(handle)
    try {
      await local.files.remove(handle)
    } catch (failure) {
      // Nothing of it runs any more, and its cookie is dead: what is left is for an administrator to remove.
      log.warn({ failure: kindOfFailure(failure) }, `The directory ${handle.directory} of an ended session could not be removed.`)
    }
    return lines
  }
}

/** Whose it is and how it is called, for the audit. */
export function namesOf(session: DevelopmentSession): { userName: string; sessionId: string; sessionName: string } {
  return { userName: session.userName, sessionId: session.id, sessionName: session.name }
}
