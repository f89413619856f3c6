export { type Client, createClient, fingerprintOf, type TokenOptions } from './client.ts'
export { BenchkeyError, type ErrorCode } from './errors.ts'
export { type LocalSocket, localSocket } from './local-socket.ts'
export { nearest, resolveIntegration } from './names.ts'
export type { AccessToken, Reported, Session, SignedOut } from './replies.ts'
export type { CallOptions } from './rpc.ts'
export type { Environment } from './session.ts'
export type {
  WireError,
  WireIntegration,
  WireIntegrationDetails,
  WireIntegrations,
  WireReport,
  WireReported,
  WireSession,
  WireSignedOut,
  WireToken,
} from './wire.ts'
