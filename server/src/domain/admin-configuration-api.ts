/** `POST /reload`: applied exactly when no finding is an error; `nodes` is empty when it was not. */
export interface AdminReloaded {
  readonly applied: boolean
  readonly findings: readonly {
    readonly severity: 'error' | 'warning'
    /** `file:line: [section] option: …` */
    readonly text: string
  }[]
  readonly nodes: readonly AdminNodeAnswer[]
}

/** How a server took a reload. `text` may hold `{time:ISO}` marks. */
export interface AdminNodeAnswer {
  readonly node: string
  readonly text: string
  /** `danger`: it runs another configuration. */
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly isPending: boolean
}

/** `GET /configuration/versions`: newest first. */
export interface AdminVersions {
  readonly versions: readonly AdminVersion[]
}

/** A version of `oauth-clients.conf` that was in force. Instants are ISO 8601, UTC. */
export interface AdminVersion {
  readonly number: number
  readonly at: string
  /** The administrator who deployed it; absent: the file was edited by hand. */
  readonly by?: string
  readonly rolledBackTo?: number
  readonly summary: string
  readonly isCurrent: boolean
}

/** A line of a difference; secrets are masked. */
export interface AdminDiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap'
  readonly text: string
}

/** `GET /configuration/versions/:number`: its difference to the one before. */
export interface AdminVersionDetails {
  readonly version: AdminVersion
  readonly diff: readonly AdminDiffLine[]
}

/** `GET /configuration/versions/:number/review`: what going back to it would do. */
export interface AdminRollBackReview {
  /** For `POST /configuration/versions/:number/roll-back` → AdminRolledBack; void as soon as the file is another one. */
  readonly token: string
  readonly diff: readonly AdminDiffLine[]
  readonly costs: readonly string[]
  /** Why it cannot be done now. */
  readonly blocked?: string
}

/** The version that going back made. */
export interface AdminRolledBack {
  readonly version: number
}
