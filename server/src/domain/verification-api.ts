import type { VerificationGroup } from './verification.ts'

/** `GET /verify?name=…` of the admin socket; without names: the server, then all integrations that are not switched off. */
export interface AdminVerificationTargets {
  readonly targets: readonly {
    /** Absent: the server itself. */
    readonly section?: string
    readonly name: string
  }[]
}

/** `POST /verify` of the admin socket with `{section}`, or `{}` for the server itself. Closing the connection ends it. */
export interface AdminVerification {
  readonly section?: string
  readonly name: string
  readonly isWell: boolean
  readonly at: string
  /** By who has to act, the worst first; last what is fine. */
  readonly groups: readonly VerificationGroup[]
}
