import type { DeviceLogin } from '../domain/device-login.ts'
import type { BrowserSession, DevelopmentSession } from '../domain/people.ts'

/** How a terminal's wish to be logged in was taken. */
export type DeviceStart =
  | {
      readonly kind: 'begun'
      /** The terminal keeps this one, */
      readonly deviceCode: string
      /** and shows this one: `WDJB-MJHT`. */
      readonly userCode: string
      readonly expiresInSeconds: number
      readonly intervalSeconds: number
    }
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number }
  /** `terminal-session-lifetime=0` */
  | { readonly kind: 'off' }

/** What a terminal that was approved is given. */
export interface OpenedDevice {
  readonly session: DevelopmentSession
  /** The RPC cookie, until the end of the session. */
  readonly cookie: string
  /** Session environment of wire.md without a runtime directory. */
  readonly environment: Readonly<Record<string, string>>
}

/** What a terminal that waits is answered (RFC 8628 §3.5). */
export type DevicePoll =
  | { readonly kind: 'pending' | 'slow_down' | 'denied' | 'expired' | 'unknown' }
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number }
  | { readonly kind: 'opened'; readonly opened: OpenedDevice; readonly endsAt: Date; readonly lifeSeconds: number }

/** A terminal that waits, as its person is shown it. */
export interface DeviceRequest extends DeviceLogin {
  readonly code: string
  /** The browser asks from the address that the terminal asked from. */
  readonly isSameAddress: boolean
  /** How long its session would last. */
  readonly lifeSeconds: number
}

/** Logging terminals in: what the terminal asks, and what its person decides in a browser. */
export interface DeviceLogins {
  /** `host`: where it says it runs. */
  begin(request: { host: string; address: string }): Promise<DeviceStart>
  poll(request: { deviceCode: string; address: string }): Promise<DevicePoll>
  /** By the code that somebody typed; rejects with bad_request when no terminal waits with it, or after too many of those. */
  find(browser: BrowserSession, typed: string, address: string): Promise<DeviceRequest>
  /** As `find`, and decides, once. */
  decide(browser: BrowserSession, typed: string, decision: 'approve' | 'deny', address: string): Promise<DeviceRequest>
}
