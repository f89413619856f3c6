import { sessionPath } from '../domain/application.ts'

/** What both clients take the server for; they refuse OAuth below 2026.01.0 (wire.md, *Session environment*). */
const COMPATIBILITY_LEVEL = '2026.01.0'

/**
 * The variables of a session, without the runtime directory and the certificate bundle, which the session's own account
 * makes. `publicUrl` and `callbackAddress` come without a trailing slash.
 */
export function sessionEnvironment(facts: {
  readonly publicUrl: string
  readonly callbackAddress: string
  readonly sessionId: string
  /** Of this host's session socket, while there is one. */
  readonly socketPath?: string
}): Readonly<Record<string, string>> {
  const sessionUrl = sessionPath(facts.sessionId)
  return {
    POSIT_PRODUCT: 'WORKBENCH',
    RSTUDIO_VERSION: COMPATIBILITY_LEVEL,
    // R joins address, slash and method without any clean-up: no trailing slash here.
    RS_SERVER_ADDRESS: facts.callbackAddress,
    RS_SERVER_URL: `${facts.publicUrl}/`,
    RS_SESSION_URL: sessionUrl,
    BENCHKEY_SERVER_ADDRESS: facts.callbackAddress,
    BENCHKEY_SERVER_URL: `${facts.publicUrl}/`,
    BENCHKEY_SESSION_URL: sessionUrl,
    ...(facts.socketPath === undefined ? {} : { BENCHKEY_SERVER_SOCKET: facts.socketPath }),
  }
}
