import type { Verification } from '../domain/verification.ts'

/** Something that can be verified; without a section the server itself. */
export interface VerificationTarget {
  readonly section?: string
  readonly name: string
}

/** Who asks for a verification. */
export interface VerificationCall {
  /** Undefined: on the command line. */
  readonly userName?: string
  /** Where from, for the audit. */
  readonly address?: string
  /** Its abort ends the verification: whoever asked has gone. */
  readonly left: AbortSignal
}

/** A request for the echo as it arrived. */
export interface SeenEcho {
  /** As the `Host` header has it, lower case. */
  readonly host: string
  readonly path: string
  /** Over TLS, or so a trusted proxy says. */
  readonly isSecure: boolean
  /** Address of whoever connected. */
  readonly peer: string
  readonly isPeerTrusted: boolean
  /** Whether it names somebody it forwards for. */
  readonly isForwarded: boolean
}

/** Looking at integrations and at the server's own addresses, as an expert would. */
export interface Verifications {
  /** Without names: the server itself, then all integrations that are not switched off. Rejects with bad_request for an unknown name. */
  targets(names: readonly string[]): readonly VerificationTarget[]
  /**
   * By section, with what is in force. Rejects with unknown_integration; with bad_request while it is verified already, or when that
   * was done too often just now; with the signal's reason when the asker has gone.
   */
  integration(section: string, call: VerificationCall): Promise<Verification>
  /** An administrator's change of a section that is not deployed, else the section. Rejects as `integration` does. */
  draft(section: string, call: VerificationCall & { readonly userName: string }): Promise<Verification>
  /** Public URL and callback address. */
  server(call: VerificationCall): Promise<Verification>
  /** Notes how a request for the echo arrived. What it answers proves to every process of this database which one answered. */
  echo(nonce: string, seen: SeenEcho): string
}
