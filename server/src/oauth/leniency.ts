/** A mend the normaliser made, by name; each has a test, and the providers known for it are in the comments. */
export type Leniency =
  /** Sentry answers 201. */
  | 'status 2xx other than 200'
  | 'byte order mark'
  | 'NUL padding'
  /** GitHub without `Accept`, old Facebook. */
  | 'form-encoded reply'
  /** JSON under text/plain or text/html. */
  | 'JSON under another media type'
  /** LinkedIn. */
  | 'token_type missing'
  | 'null member'
  /** Azure AD v1, many others: "3600". */
  | 'expires_in as text'
  | 'expires_in not whole'
  | 'expires_in without sense'
  /** Twitch, some GitLab versions. */
  | 'scope as list'
  /** Slack, Linear, Strava. */
  | 'scope with commas'
  /** Keycloak `refresh_expires_in`, Intuit `x_refresh_token_expires_in`. */
  | 'renamed refresh token life'
  | 'empty refresh_token'
  /** GitHub, Slack. */
  | 'error under status 2xx'
  /** Facebook: `{"error":{"type","message"}}`. */
  | 'error as object'
  /** Slack: `{"ok":false}`. */
  | 'ok false'
  /** Slack: nested at the exchange, flat at the refresh. */
  | 'flat refresh reply'
  /** The connection broke, but the JSON was whole. */
  | 'broken off after whole JSON'
