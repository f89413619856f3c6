import type { Socket } from 'node:net'
import type { AuthorizationServersOptions } from '../../src/oauth/create.ts'
import { type Authority, type Leaf, makeAuthority, makeLeaf } from '../certificates.ts'
import type { ScriptedProvider, TlsOptions } from '../scripted-provider.ts'

/** What a door is made of: two authorities, of which only `known` is trusted, and a certificate of it for loopback. */
export interface DoorKit {
  readonly known: Authority
  readonly unknown: Authority
  readonly leaf: Leaf
}

/** How a service is reached, where that itself goes wrong. */
export interface Door {
  /** Its TLS; without it plain http. */
  readonly tls?: (kit: DoorKit) => TlsOptions | Promise<TlsOptions>
  /** Where its addresses lead; default: to it. */
  readonly origin?: (provider: ScriptedProvider) => string
  readonly resolve?: NonNullable<AuthorizationServersOptions['resolve']>
  /** What is at its port in its place, byte by byte. */
  readonly tcp?: (socket: Socket) => void
  /** Nobody listens. */
  readonly isClosed?: boolean
}

/** Makes the authorities and the good certificate. */
export async function makeDoorKit(): Promise<DoorKit> {
  const [known, unknown] = await Promise.all([makeAuthority(), makeAuthority('Somebody else')])
  return { known, unknown, leaf: await makeLeaf(known, LOOPBACK) }
}

/** The names a service on loopback goes by. */
export const LOOPBACK = ['localhost', '127.0.0.1']
