export type { WireError, WireIntegration, WireIntegrations, WireToken } from './wire.ts'
