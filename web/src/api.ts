import type {
  PageActivity,
  PageDevice,
  PageDeviceCode,
  PageError,
  PageEverywhere,
  PageIntegrationDetails,
  PageIntegrations,
  PageLogin,
  PageMe,
  PageSession,
  PageSessionLog,
  PageSessionStart,
  PageSessions,
  PageSessionTicket,
  PageSignInStart,
  PageSignInStarted,
} from '@benchkey/sdk/pages'
import { ApiError, NoAnswerError } from './errors.ts'
import { pageData } from './page-data.ts'
import { apiPaths, isServiceUrl, loginPath, pagePaths, withoutBase } from './paths.ts'

/** The complete path of one of the server's, base path included. */
export const fromBase = (path: string): string => `${pageData.basePath}${path}`

let leaving = false

/** Nobody is logged in any more: to the login page with a new document, so that nothing read before stays in memory. */
export function leaveForLogin(): void {
  if (leaving) return
  leaving = true
  const path = withoutBase(location.pathname, pageData.basePath)
  location.assign(fromBase(loginPath(path === pagePaths.device ? path + location.search : path)))
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(fromBase(path), { credentials: 'same-origin', cache: 'no-store', redirect: 'error', ...init })
  } catch (cause) {
    throw init.signal?.aborted ? cause : new NoAnswerError(cause)
  }
}

async function refusalOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => undefined)) as Partial<PageError> | undefined
  const { code, message, retryAfterSeconds } = body?.error ?? {}
  return new ApiError(
    response.status,
    code ?? 'internal',
    message ?? `Benchkey answered ${response.status} without a reason. Try again; if it stays so, tell your administrator.`,
    retryAfterSeconds,
  )
}

async function request<T>(path: string, init: RequestInit, unauthorized: 'log-in' | 'tell'): Promise<T> {
  const response = await send(path, init)
  if (response.status === 401 && unauthorized === 'log-in') leaveForLogin()
  if (!response.ok) throw await refusalOf(response)
  const text = await response.text()
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch {
    throw new ApiError(response.status, 'internal', 'Benchkey answered with something else than data. Load this page again.')
  }
}

const OWN_HEADERS = { accept: 'application/json', 'content-type': 'application/json', 'x-benchkey-request': '1' }

/** Reads from a path of the page API. */
export const get = <T>(path: string, signal: AbortSignal): Promise<T> =>
  request<T>(path, { headers: { accept: 'application/json' }, signal }, 'log-in')

/** Does something; rejects with ApiError or NoAnswerError, and a 401 leads to the login page. */
export const post = <T>(
  path: string,
  body: object = {},
  unauthorized: 'log-in' | 'tell' = 'log-in',
  signal?: AbortSignal,
): Promise<T> =>
  request<T>(
    path,
    { method: 'POST', headers: OWN_HEADERS, body: JSON.stringify(body), ...(signal ? { signal } : {}) },
    unauthorized,
  )

/** Puts something in the place of what was there. */
export const put = <T>(path: string, body: object): Promise<T> =>
  request<T>(path, { method: 'PUT', headers: OWN_HEADERS, body: JSON.stringify(body) }, 'log-in')

/** Posts a form to a tab that knows nothing of this one. */
function submitInNewTab(url: string, members: Readonly<Record<string, string>>): void {
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: url, target: '_blank', rel: 'noopener', hidden: true })
  for (const [name, value] of Object.entries(members)) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
  }
  document.body.append(form)
  const named = nameThisOrigin()
  form.submit()
  form.remove()
  setTimeout(() => {
    named.content = 'no-referrer'
    named.remove()
  }, NAMED_MS)
}

/** Longer than a browser takes to send a form. */
const NAMED_MS = 1000

/**
 * Under `no-referrer` a browser sends `Origin: null` with a form. The sessions take tickets from this very page only, so for this
 * once it names its origin, and nothing else of its address.
 */
function nameThisOrigin(): HTMLMetaElement {
  const meta = Object.assign(document.createElement('meta'), { name: 'referrer', content: 'strict-origin' })
  document.head.append(meta)
  return meta
}

/** The page API; every function rejects with ApiError or NoAnswerError, and a 401 leads to the login page. */
export const api = {
  me: (signal: AbortSignal) => get<PageMe>(apiPaths.me, signal),
  /** For the login page itself: true when somebody is logged in already. */
  isLoggedIn: async (): Promise<boolean> => (await send(apiPaths.me, { headers: { accept: 'application/json' } })).ok,
  integrations: (signal: AbortSignal) => get<PageIntegrations>(apiPaths.integrations, signal),
  integration: (uid: string, signal: AbortSignal) => get<PageIntegrationDetails>(apiPaths.integration(uid), signal),
  logIn: (login: PageLogin) => post<void>(apiPaths.login, login, 'tell'),
  logOut: () => post<void>(apiPaths.logout),
  signOut: (uid: string) => post<void>(apiPaths.signOut(uid)),
  tryAgain: (uid: string) => post<void>(apiPaths.tryAgain(uid)),
  findDevice: (code: string) => post<PageDevice>(apiPaths.device, { code } satisfies PageDeviceCode),
  decideDevice: (code: string, decision: 'approve' | 'deny') =>
    post<PageDevice>(apiPaths.decideDevice(decision), { code } satisfies PageDeviceCode),
  sessions: (signal: AbortSignal) => get<PageSessions>(apiPaths.sessions, signal),
  startSession: (start: PageSessionStart) => post<PageSession>(apiPaths.sessions, start),
  endSession: (id: string) => post<void>(apiPaths.endSession(id)),
  sessionLog: (id: string, signal: AbortSignal) => get<PageSessionLog>(apiPaths.sessionLog(id), signal),
  /** `days` begin at these instants; the last one ends at `until`, or has not ended. */
  activity: (days: readonly Date[], until: Date | undefined, signal: AbortSignal) => {
    const query = new URLSearchParams(days.map((day) => ['day', day.toISOString()]))
    if (until) query.set('until', until.toISOString())
    return get<PageActivity>(`${apiPaths.activity}?${query}`, signal)
  },
  signOutEverywhere: () => post<PageEverywhere>(apiPaths.signOutEverywhere),
  /** Opens a session in a new tab, which has its own origin: the ticket goes there as a form, so that no address carries it. */
  async openSession(id: string): Promise<void> {
    const { url, ticket } = await post<PageSessionTicket>(apiPaths.openSession(id))
    if (!isServiceUrl(url)) {
      throw new ApiError(
        200,
        'internal',
        'The address of the session is not an https one, so it was not opened. Tell your administrator.',
      )
    }
    submitInNewTab(url, { session: id, ticket })
  },
  /** Starts a sign-in and navigates this tab to the service. */
  async signIn(uid: string, start: PageSignInStart): Promise<void> {
    const { url } = await post<PageSignInStarted>(apiPaths.signIn(uid), start)
    if (!isServiceUrl(url)) {
      throw new ApiError(
        200,
        'internal',
        'The address to sign in at is not an https one, so it was not opened. Tell your administrator.',
      )
    }
    location.assign(url)
  },
}
