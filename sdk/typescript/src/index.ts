export { type Client, createClient, fingerprintOf, type TokenOptions } from './client.ts'
export { BenchkeyError, type ErrorCode, isCertificateProblem } from './errors.ts'
export { type LocalSocket, localSocket } from './local-socket.ts'
export { nearest, resolveIntegration } from './names.ts'
export type { AccessToken, Reported, Session, SignedOut } from './replies.ts'
export type { CallOptions } from './rpc.ts'
export { certificateAuthorities, type Environment } from './session.ts'
export {
  environmentOfLogin,
  environmentOfSession,
  type LoginPlace,
  lastServer,
  loginPlace,
  troubleOfDirectory,
} from './terminal.ts'
export type {
  WireDeviceStart,
  WireError,
  WireIntegration,
  WireIntegrationDetails,
  WireIntegrations,
  WireLoggedIn,
  WireReport,
  WireReported,
  WireSession,
  WireSignedOut,
  WireToken,
} from './wire.ts'
