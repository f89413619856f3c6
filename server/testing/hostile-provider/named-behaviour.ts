import type { CallbackProblemKind } from '../../src/broker/broker.ts'
import type { Behaviour } from '../behaviours.ts'
import type { Door } from './door.ts'

/** What a refresh becomes: the three ways of refresh.md, *A refresh fails in exactly three ways*, with the kinds of the third. */
export type RefreshClass =
  | 'success'
  /** A 2xx whose refresh token could be read and nothing else: kept, and then transient. */
  | 'refresh token saved'
  | 'reauthentication_required'
  | 'configuration'
  /** Transient: nothing left this host. */
  | 'not sent'
  /** Transient: plainly refused, the refresh token is good. */
  | 'unspent'
  /** Transient: perhaps spent. */
  | 'uncertain'
  /** Transient: a refusal without a known cause. */
  | 'refused'

/** How a callback has to end. */
export type ExchangeEnd =
  | { readonly kind: 'signed_in' }
  | {
      readonly kind: Extract<CallbackProblemKind, 'client_refused' | 'provider_failed' | 'scope_refused'>
      /** What the audit says besides. */
      readonly why: string
      /** The service's own words, as the page quotes them; where they are not told, they only have to be without secrets. */
      readonly quoted?: string
    }

/** How a refresh has to end. */
export interface RefreshEnd {
  readonly class: RefreshClass
  /** The {reason} words of ui.md. */
  readonly words?: string
  /** Of class `configuration`. */
  readonly trouble?: 'client' | 'connection'
  /** The strict service has spent the refresh token and its answer does not show the new one: nobody could keep it. */
  readonly lost?: boolean
  /** How a loss reads, if not as `interrupted`. */
  readonly reads?: 'refused'
  readonly retryAfterSeconds?: number
  /** How many requests the service receives; by default what the class says. */
  readonly requests?: number
  /** Callers are answered before the service is. */
  readonly callersLeave?: boolean
}

/** How the first try of a revocation has to end. */
export type RevokeEnd =
  /** `unheard`: it answers 200 to anything, and the tokens live on there. */
  { readonly kind: 'done'; readonly unheard?: boolean } | { readonly kind: 'waiting'; readonly words: string }

/** How each of the three requests has to end. */
export interface Expected {
  readonly exchange: ExchangeEnd
  readonly refresh: RefreshEnd
  readonly revoke: RevokeEnd
}

/** One way of a service to be hostile, broken or merely odd. */
export interface NamedBehaviour {
  readonly name: string
  readonly play: Behaviour
  /** What is wrong before a request can be made. */
  readonly door?: Door
  /** It lasts: the test's clock has to be moved. */
  readonly takesTime?: boolean
  readonly expected: Expected
}

/** Understood as what it means: tokens. */
export const UNDERSTOOD: Expected = {
  exchange: { kind: 'signed_in' },
  refresh: { class: 'success' },
  revoke: { kind: 'done' },
}

/** Only the refresh token can be read: it is kept, and a sign-in that has one is a sign-in. */
export function onlyRefreshToken(words: string): Expected {
  return {
    exchange: { kind: 'signed_in' },
    refresh: { class: 'refresh token saved', words },
    revoke: { kind: 'done' },
  }
}

/** Perhaps spent; the service itself has not seen the request. */
export function uncertain(words: string, revoke: RevokeEnd = { kind: 'waiting', words }): Expected {
  return { exchange: { kind: 'provider_failed', why: words }, refresh: { class: 'uncertain', words }, revoke }
}

/** A 2xx that is no token, from something before the service: to a revocation it is a 200 like any other. */
export function notAToken(words: string): Expected {
  return uncertain(words, { kind: 'done', unheard: true })
}

/** The strict service has rotated, and what it answers shows no token to anybody. */
export function lost(words: string, revoke: RevokeEnd = { kind: 'waiting', words }): Expected {
  return { exchange: { kind: 'provider_failed', why: words }, refresh: { class: 'uncertain', words, lost: true }, revoke }
}

/** Plainly refused: the refresh token is good. */
export function unspent(words: string, retryAfterSeconds?: number): Expected {
  return {
    exchange: { kind: 'provider_failed', why: words },
    refresh: { class: 'unspent', words, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds, requests: 1 }) },
    revoke: { kind: 'waiting', words },
  }
}

/** A refusal without a known cause. */
export function refused(words: string, more: { readonly quoted?: string; readonly revoke?: RevokeEnd } = {}): Expected {
  return {
    exchange: { kind: 'provider_failed', why: words, ...quotedIn(more) },
    refresh: { class: 'refused', words },
    revoke: more.revoke ?? { kind: 'waiting', words },
  }
}

/** The client is refused, not the person. */
export function clientRefused(words: string, more: { readonly quoted?: string; readonly revoke?: RevokeEnd } = {}): Expected {
  return {
    exchange: { kind: 'client_refused', why: words, ...quotedIn(more) },
    refresh: { class: 'configuration', trouble: 'client', words },
    revoke: more.revoke ?? { kind: 'waiting', words },
  }
}

/** The grant is refused: sign in again. A code that is refused so is the service's trouble. */
export function grantRefused(words: string, more: { readonly quoted?: string; readonly revoke?: RevokeEnd } = {}): Expected {
  return {
    exchange: { kind: 'provider_failed', why: words, ...quotedIn(more) },
    refresh: { class: 'reauthentication_required', words },
    revoke: more.revoke ?? { kind: 'waiting', words },
  }
}

/** Nothing can be sent. */
export function notSent(words: string): Expected {
  return {
    exchange: { kind: 'provider_failed', why: words },
    refresh: { class: 'not sent', words },
    revoke: { kind: 'waiting', words },
  }
}

/** Nothing may be sent: a bad certificate, an address where Benchkey may not connect. */
export function notSafe(words: string): Expected {
  return { ...notSent(words), refresh: { class: 'configuration', trouble: 'connection', words, requests: 0 } }
}

/** To a revocation, whose body nobody reads, any 2xx is a yes. */
export const UNHEARD: RevokeEnd = { kind: 'done', unheard: true }

const quotedIn = ({ quoted }: { readonly quoted?: string }): { quoted?: string } => (quoted === undefined ? {} : { quoted })
