import { findUnixAccount } from './launcher/accounts.ts'
import { type SessionHelper, startSessionHelper } from './launcher/session-helper.ts'

/** Starts the session helper: a program of its own, so that what is root loads nothing else of Benchkey's. */
export function startHelper(options: { readonly server: string; readonly socketPath: string }): Promise<SessionHelper> {
  return startSessionHelper({ ...options, findUnixAccount })
}
