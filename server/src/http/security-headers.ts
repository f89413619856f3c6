import { isIP } from 'node:net'

/** Two years in seconds, what the browsers' preload list asks for. */
const HSTS_MAX_AGE_SECONDS = 63_072_000

/** Only what the pages use; everything else is off. `base-uri` serves `<base>` of a public URL with a path. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const PERMISSIONS_POLICY = [
  'accelerometer=()',
  'autoplay=()',
  'camera=()',
  'clipboard-write=(self)',
  'display-capture=()',
  'fullscreen=()',
  'geolocation=()',
  'gyroscope=()',
  'magnetometer=()',
  'microphone=()',
  'midi=()',
  'payment=()',
  'publickey-credentials-get=()',
  'screen-wake-lock=()',
  'usb=()',
  'xr-spatial-tracking=()',
].join(', ')

/** Whether browsers keep HSTS for this host without locking people out of other things on it: not for localhost or an address. */
function deservesHsts(publicUrl: string): boolean {
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  return host !== 'localhost' && !host.endsWith('.localhost') && isIP(host) === 0
}

type Headers = readonly (readonly [name: string, value: string])[]

/** What every response of Benchkey's own carries, errors too (security.md, *Web*); `policy` is its Content-Security-Policy. */
function commonHeaders(publicUrl: string, policy: string): Headers {
  return [
    ...(deservesHsts(publicUrl) ? [['Strict-Transport-Security', `max-age=${HSTS_MAX_AGE_SECONDS}`] as const] : []),
    ['Content-Security-Policy', policy],
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'no-referrer'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['Cache-Control', 'no-store'],
  ]
}

/**
 * The headers of the browser door. `no-store` gives way for assets only. `sessionsUrl`: where the home page sends tickets as forms,
 * with `{id}` for any session.
 */
export function pageHeaders(publicUrl: string, sessionsUrl?: string): Headers {
  const tickets = sessionsUrl === undefined ? '' : ` ${sessionsUrl.replace('{id}', '*')}`
  const policy = PAGE_POLICY.replace("form-action 'self'", `form-action 'self'${tickets}`)
  return [...commonHeaders(publicUrl, policy), ['X-Frame-Options', 'DENY'], ['Permissions-Policy', PERMISSIONS_POLICY]]
}

/** The headers of JSON and plain text for programs: a stricter policy, and nothing that only a document can use. */
export function programHeaders(publicUrl: string): Headers {
  return commonHeaders(publicUrl, "default-src 'none'; frame-ancestors 'none'")
}
