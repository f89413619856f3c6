/** What an integration is asked for by. */
export interface WireNames {
  readonly uid: string
  /** The section header. */
  readonly name: string
  readonly display_name: string
  /** Section headers it had before, which programs may still name it by. */
  readonly previous_names?: readonly string[]
}

/** One integration as `/oauth_integrations` lists it. `uid` is what clients call the Integration ID. */
export interface WireIntegration extends WireNames {
  readonly type: 'custom'
  readonly client_id: string
  readonly auth_url: string
  readonly token_url: string
  readonly scopes: readonly string[]
  readonly issuer: string
  /** True when a stored sign-in exists that needs no new one. */
  readonly authenticated: boolean
  /** A code of the table of states, with its words. */
  readonly state: string
  readonly reason?: string
  readonly label: string
  readonly explanation: string
  readonly action: string
  /** The fact once more, short enough to stand beside the name in one line. */
  readonly brief?: string
  /** The account at the service, when known. */
  readonly account?: string
  /** Hosts (`host` or `host:port`, lower case) that Git gets the token for. */
  readonly git_hosts?: readonly string[]
  /** How the last sign-in ended that gave no tokens, when it is not long ago and none has followed; in lists only where one is missing. */
  readonly last_problem?: {
    /** `denied`, `dead_link`, `scope_refused`, `client_refused`, `provider_failed`, `logged_out`, `doubled`, `not_yet` or `not_saved`. */
    readonly code: string
    readonly title: string
    readonly explanation: string
    /** To be told to an administrator: it stands in the audit. */
    readonly reference: string
    readonly at: string
  }
}

/** Reply of `/api/v1/integrations/:uid`: what somebody who waits for a sign-in wants to know. Instants as `expiry`. */
export interface WireIntegrationDetails extends WireIntegration {
  /** The page to sign in at. */
  readonly link: string
  readonly signed_in_at?: string
  /** Start of the newest sign-in that is under way in a browser. */
  readonly waiting_since?: string
}

/** Reply of `/api/v1/session`: who the cookie belongs to. Instants as `expiry`. */
export interface WireSession {
  readonly user: string
  readonly session: { readonly id: string; readonly name: string; readonly kind: string; readonly started_at: string }
  /** When this very cookie stops working, unless its session ends before. */
  readonly cookie_expires_at: string
  /** `url`: of the pages, without a trailing slash. `time`: the clock that all instants are meant by. */
  readonly server: { readonly url: string; readonly version: string; readonly time: string }
}

/** Reply of `/api/v1/session/end`. */
export interface WireEnded {
  readonly ended: true
}

/** Reply of `/api/v1/device/authorization` (RFC 8628 §3.2). Seconds. */
export interface WireDeviceStart {
  /** For the terminal alone. */
  readonly device_code: string
  /** For its person to type: `WDJB-MJHT`. */
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/** Reply of `/api/v1/device/token` when the person has approved: a session. */
export interface WireLoggedIn {
  /** The RPC cookie. */
  readonly access_token: string
  readonly token_type: 'rpc_cookie'
  readonly expires_in: number
  /** As `expiry`. */
  readonly ends_at: string
  readonly user: string
  readonly session: { readonly id: string; readonly name: string }
  /** Variables of the session, without those of a runtime directory. */
  readonly environment: Readonly<Record<string, string>>
}

/** Reply of `/api/v1/integrations/:uid/sign-out`; `signed_out` is false when there was no sign-in. */
export interface WireSignedOut {
  readonly signed_out: boolean
  /** Whether the service is asked to revoke the tokens: not when no address for that is configured. */
  readonly revocation?: 'queued' | 'not_offered'
}

/** Body of `/api/v1/integrations/:uid/report`: the token of this fingerprint does not work. */
export interface WireReport {
  /** The first 16 hex digits of the token's SHA-256. */
  readonly fingerprint: string
}

/** Reply of `/api/v1/integrations/:uid/report`. */
export interface WireReported {
  /**
   * `renewed`, `newer_token`: ask for the token again. `too_soon`: reported within ten minutes already. `cannot_renew`: there is
   * no refresh token. `works`: the service accepts the token. `too_early`: the service refuses to renew it yet. `not_renewed`: the
   * service did not renew it now.
   */
  readonly outcome: 'renewed' | 'newer_token' | 'too_soon' | 'cannot_renew' | 'works' | 'too_early' | 'not_renewed'
  readonly explanation: string
  readonly action: string
  /** Seconds. */
  readonly retry_after?: number
}

/** Reply of `/oauth_integrations`. */
export interface WireIntegrations {
  readonly providers: readonly { readonly type: 'custom'; readonly integrations: readonly WireIntegration[] }[]
  /** Integrations that an administrator switched off: whoever asks for their tokens is told so. */
  readonly switched_off?: readonly WireNames[]
  /** Integrations that this session may not use: whoever asks for their tokens is told so. */
  readonly not_allowed?: readonly WireNames[]
}

/** Reply of `/oauth_token`. `expiry`: UTC, whole seconds, `Z`; `9999-12-31T23:59:59Z` = life unknown. */
export interface WireToken {
  readonly access_token: string
  readonly expiry: string
  readonly warning?: string
  /** Data that came with the token, of the integration's allow-lists: an instance URL, a tenant. */
  readonly extra?: Readonly<Record<string, string | number | boolean>>
}

/** HTTP 200 with this body is the one shape both R and Python show as a readable error. */
export interface WireError {
  readonly error: string
  /** The two halves of `error`: the fact, and what to do. */
  readonly explanation?: string
  readonly action?: string
  readonly code: string
  readonly reason?: string
  /** Seconds. */
  readonly retry_after?: number
  /** The page to sign in at, where the code asks for one. */
  readonly link?: string
}
