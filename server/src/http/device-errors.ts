/** What a terminal that wants to be logged in may be refused with. RFC 8628 §3.5, and of RFC 6749 what applies. */
export const DEVICE_ERROR_CODES = [
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
  'invalid_grant',
  'invalid_request',
  'unsupported_grant_type',
  'unauthorized_client',
  'temporarily_unavailable',
  'server_error',
] as const
