import type { HealthFacts } from '../domain/admin-api.ts'

/** One sentence of a health report. */
export interface HealthFinding {
  /** `problem`: the server is not well. `remark`: worth knowing, and nothing of the server's own. */
  readonly level: 'problem' | 'remark'
  readonly about: 'sessions' | 'database' | 'journal' | 'audit' | 'keys' | 'integrations' | 'sign-ins' | 'revocations' | 'nodes'
  /** What is so, in one sentence. */
  readonly fact: string
  /** Who does what about it. */
  readonly action: string
  /** The integration it is about. */
  readonly section?: string
  /** What an administrator may do about it on a page. */
  readonly acts?: readonly ('test' | 'open' | 'why' | 'reload')[]
}

/** A server process, as a health report tells it. */
export interface HealthNode {
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: Date
  readonly heartbeatAt: Date
  readonly isLive: boolean
  /** The first digits of the hash. */
  readonly configuration: string
  /** Its number in the history; absent: it is not in it. */
  readonly configurationVersion?: number
}

/** Whether the server is well, and what is not. */
export interface HealthReport {
  /** No finding is a problem. */
  readonly isWell: boolean
  readonly findings: readonly HealthFinding[]
  /** Absent while the database cannot be read. */
  readonly facts?: HealthFacts
  readonly nodes: readonly HealthNode[]
}
