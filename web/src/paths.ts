/** The one place that builds and reads the paths of pages and of the page API. All are without the base path. */

/** Pages below `/admin/integrations` that are no section's. */
const BESIDE_SECTIONS: readonly string[] = ['add', 'review', 'history']

/** Paths of pages, for links and routes. */
export const pagePaths = {
  home: '/',
  login: '/login',
  device: '/device',
  settings: '/settings',
  managedCredentials: '/settings/managed-credentials',
  activity: '/settings/activity',
  admin: '/admin',
  adminIntegrations: '/admin/integrations',
  adminAddIntegration: '/admin/integrations/add',
  adminReview: '/admin/integrations/review',
  adminHistory: '/admin/integrations/history',
  adminVersion: (number: number): string => `/admin/integrations/history/${number}`,
  /** A section that is called as one of the pages beside it stands one level deeper. */
  adminIntegration: (section: string): string =>
    `/admin/integrations/${BESIDE_SECTIONS.includes(section) ? 'section/' : ''}${encodeURIComponent(section)}`,
  adminUsers: '/admin/users',
  adminUser: (name: string): string => `/admin/users/${encodeURIComponent(name)}`,
  adminSessions: '/admin/sessions',
  adminAudit: '/admin/audit',
  signIn: (section: string): string => `/sign-in/${encodeURIComponent(section)}`,
} as const

/** Patterns of the routes that have a parameter. */
export const routePatterns = {
  signIn: '/sign-in/:section',
  signInDone: '/sign-in/:section/done',
  adminUser: '/admin/users/:name',
  belowAdmin: '/admin/*',
  belowAdminIntegrations: '/admin/integrations/*?',
} as const

const integration = (uid: string): string => `/api/integrations/${encodeURIComponent(uid)}`
const session = (id: string): string => `/api/sessions/${encodeURIComponent(id)}`

/** Paths of the page API. */
export const apiPaths = {
  me: '/api/me',
  login: '/api/login',
  logout: '/api/logout',
  events: '/api/events',
  integrations: '/api/integrations',
  integration,
  signIn: (uid: string): string => `${integration(uid)}/sign-in`,
  signOut: (uid: string): string => `${integration(uid)}/sign-out`,
  tryAgain: (uid: string): string => `${integration(uid)}/try-again`,
  device: '/api/device',
  decideDevice: (decision: 'approve' | 'deny'): string => `/api/device/${decision}`,
  sessions: '/api/sessions',
  activity: '/api/activity',
  signOutEverywhere: '/api/sign-out-everywhere',
  openSession: (id: string): string => `${session(id)}/open`,
  endSession: (id: string): string => `${session(id)}/end`,
  sessionLog: (id: string): string => `${session(id)}/log`,
} as const

/** Paths of the API of the pages for administrators: their dashboard, people and audit. */
export const adminApiPaths = {
  confirmLogin: '/api/admin/confirm-login',
  overview: '/api/admin/overview',
  reload: '/api/admin/configuration/reload',
  users: '/api/admin/users',
  user: (name: string): string => `/api/admin/users/${encodeURIComponent(name)}`,
  sessions: '/api/admin/sessions',
  audit: '/api/admin/audit',
} as const

/** The code of a terminal that an address holds, `WDJB-MJHT`; undefined when it is none. */
export function userCodeIn(code: string | null): string | undefined {
  return code !== null && /^[A-Z]{4}-[A-Z]{4}$/.test(code) ? code : undefined
}

/** The path of the page for terminals, with the code of the one that is meant; undefined for other paths. */
function devicePath(path: string): string | undefined {
  const [page, query = ''] = path.split('?')
  if (page !== pagePaths.device) return undefined
  const code = userCodeIn(new URLSearchParams(query).get('code'))
  return code === undefined ? pagePaths.device : `${pagePaths.device}?code=${code}`
}

/** The section that a `/sign-in/<section>` path names, decoded; undefined for other paths. */
export function sectionOf(path: string): string | undefined {
  return decoded(/^\/sign-in\/([^/?#]+)(?:\/done)?$/.exec(path)?.[1])
}

function decoded(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** A page of the Configuration Manager. */
export type AdminPlace =
  | { readonly page: 'list' | 'add' | 'review' | 'history' }
  | { readonly page: 'version'; readonly number: number }
  | { readonly page: 'section'; readonly section: string }

/** Which page of the Configuration Manager a path names; undefined for other paths. */
export function adminPlaceOf(path: string): AdminPlace | undefined {
  if (path === pagePaths.adminIntegrations) return { page: 'list' }
  if (path === pagePaths.adminAddIntegration) return { page: 'add' }
  if (path === pagePaths.adminReview) return { page: 'review' }
  if (path === pagePaths.adminHistory) return { page: 'history' }
  const number = /^\/admin\/integrations\/history\/([1-9][0-9]{0,8})$/.exec(path)?.[1]
  if (number !== undefined) return { page: 'version', number: Number(number) }
  const section = decoded(/^\/admin\/integrations\/(?:section\/)?([^/?#]+)$/.exec(path)?.[1])
  return section === undefined ? undefined : { page: 'section', section }
}

function adminPath(path: string): string | undefined {
  const user = decoded(/^\/admin\/users\/([^/?#]+)$/.exec(path)?.[1])
  if (user !== undefined) return pagePaths.adminUser(user)
  const place = adminPlaceOf(path)
  if (place?.page === 'section') return pagePaths.adminIntegration(place.section)
  if (place?.page === 'version') return pagePaths.adminVersion(place.number)
  return place && path
}

/** Pages that a login comes back to when they were what somebody wanted. */
const RETURNED_TO: readonly string[] = [
  pagePaths.managedCredentials,
  pagePaths.activity,
  pagePaths.admin,
  pagePaths.adminUsers,
  pagePaths.adminSessions,
  pagePaths.adminAudit,
]

/**
 * Where the login may lead: only to a page named here, so that a link to `/login?next=…` opens nothing else. Built anew
 * from what was read, never passed through.
 */
export function allowedNext(next: string | null): string | undefined {
  if (next === null) return undefined
  const known = RETURNED_TO.find((path) => path === next)
  if (known !== undefined) return known
  const device = devicePath(next)
  if (device !== undefined) return device
  const administration = adminPath(next)
  if (administration !== undefined) return administration
  const section = sectionOf(next)
  return section === undefined ? undefined : `${pagePaths.signIn(section)}${next.endsWith('/done') ? '/done' : ''}`
}

/** The login page's path that comes back to `path` afterwards. */
export function loginPath(path: string): string {
  const next = allowedNext(path)
  return next === undefined ? pagePaths.login : `${pagePaths.login}?next=${encodeURIComponent(next)}`
}

/** `location.pathname` without the base path. */
export function withoutBase(pathname: string, basePath: string): string {
  return basePath !== '' && pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname
}

/** A path of the server's own as a complete one; undefined when it would lead to another host. */
export function ownPath(path: string, basePath: string): string | undefined {
  if (!/^\/(?![/\\])/.test(path)) return undefined
  return basePath === '' || path === basePath || path.startsWith(`${basePath}/`) ? path : `${basePath}${path}`
}

/** Whether a sign-in may navigate there: https, or http on this machine (development). RFC 9700 §2.6 wants https. */
export function isServiceUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:') return true
  return protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
