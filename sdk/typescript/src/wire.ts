/** One integration as `/oauth_integrations` lists it. `uid` is what clients call the Integration ID. */
export interface WireIntegration {
  readonly type: 'custom'
  /** The section header. */
  readonly name: string
  readonly display_name: string
  readonly client_id: string
  readonly auth_url: string
  readonly token_url: string
  readonly scopes: readonly string[]
  readonly issuer: string
  /** True when a stored sign-in exists that needs no new one. */
  readonly authenticated: boolean
  readonly uid: string
  /** A code of the table of states, with its words. */
  readonly state: string
  readonly reason?: string
  readonly label: string
  readonly explanation: string
  readonly action: string
}

/** Reply of `/oauth_integrations`. */
export interface WireIntegrations {
  readonly providers: readonly { readonly type: 'custom'; readonly integrations: readonly WireIntegration[] }[]
}

/** Reply of `/oauth_token`. `expiry`: UTC, whole seconds, `Z`; `9999-12-31T23:59:59Z` = life unknown. */
export interface WireToken {
  readonly access_token: string
  readonly expiry: string
  readonly warning?: string
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
