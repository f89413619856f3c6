import type { SessionPagesConfiguration } from './configuration.ts'
import type { Findings } from './diagnostics.ts'
import type { ReadOptions } from './option-table.ts'
import type { SERVER_OPTIONS } from './server-options.ts'

type Options = ReadOptions<typeof SERVER_OPTIONS>

const DEFAULT_ACCOUNT = 'benchkey-proxy'

/** `sessions-account`, or its default. */
export function sessionsAccountOf({ values }: Options): string {
  return values['sessions-account'] ?? DEFAULT_ACCOUNT
}

/** Options that do not fit together: session pages are either on an origin of their own, or below the public URL and nowhere else. */
export function checkSessionPages({ values, lines }: Options, wwwPort: number, findings: Findings): void {
  const publicUrl = values['public-url']
  const url = values['sessions-url']
  const urlPlace = { line: lines.get('sessions-url') ?? 0, option: 'sessions-url' }
  if (values['shared-origin']) {
    const place = { line: lines.get('shared-origin') ?? 0, option: 'shared-origin' }
    if (url !== undefined) findings.error(place, 'stands beside sessions-url; write one of the two.')
    if (publicUrl !== undefined && new URL(publicUrl).pathname !== '/') {
      findings.error(place, 'does not work below a public-url with a path; write a sessions-url.')
    }
    findings.warning(
      place,
      'is on, so code in a session can act as its user on every page of Benchkey; a sessions-url prevents that.',
    )
    return
  }
  if (url !== undefined && publicUrl !== undefined && url === new URL(publicUrl).origin) {
    findings.error(urlPlace, 'is the public URL itself; write another host or port, or shared-origin=1 with all that means.')
  }
  const port = values['sessions-port']
  if (port !== undefined && port !== 0 && port === wwwPort) {
    const place = { line: lines.get('sessions-port') ?? 0, option: 'sessions-port' }
    findings.error(place, 'is the port of Benchkey itself; write another one.')
  }
}

/** How session pages are served; undefined: they are off, by `none` or because nobody would speak https for them. */
export function sessionPagesOf({ values }: Options, wwwPort: number): SessionPagesConfiguration | undefined {
  const url = values['sessions-url']
  const isSharedOrigin = values['shared-origin'] ?? false
  const isHttps = values['ssl-certificate'] !== undefined
  if (url === 'none' || (url === undefined && !isHttps && !isSharedOrigin)) return undefined
  const port = values['sessions-port'] ?? (wwwPort === 0 ? 0 : Math.min(wwwPort + 1, 65_535))
  return { ...(url === undefined ? {} : { url }), port, isSharedOrigin }
}
