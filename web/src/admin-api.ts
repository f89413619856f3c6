import type {
  PageAdminSessions,
  PageAudit,
  PageConfirmLogin,
  PageOverview,
  PageUserDetails,
  PageUsers,
} from '@benchkey/sdk/admin-pages'
import type { PageReloaded } from '@benchkey/sdk/configuration-pages'
import type { PageEverywhere } from '@benchkey/sdk/pages'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { fromBase, get, post } from './api.ts'
import { adminApiPaths } from './paths.ts'
import { queryClient } from './queries.ts'

/** The password of whoever is logged in once more: acts that need a recent login are possible for five minutes. */
export const confirmLogin = (confirm: PageConfirmLogin): Promise<void> => post<void>(adminApiPaths.confirmLogin, confirm)

/** What administrators do to people, sessions and the server. */
export const oversightApi = {
  reload: () => post<PageReloaded>(adminApiPaths.reload),
  act: (name: string, act: 'lock' | 'unlock') => post<void>(`${adminApiPaths.user(name)}/${act}`),
  signOutEverywhere: (name: string) => post<PageEverywhere>(`${adminApiPaths.user(name)}/sign-out-everywhere`),
  removeSignIn: (name: string, id: string, how: 'revoke' | 'purge') =>
    post<void>(`${adminApiPaths.user(name)}/sign-ins/${encodeURIComponent(id)}/${how}`),
  endSession: (id: string) => post<void>(`${adminApiPaths.sessions}/${encodeURIComponent(id)}/end`),
}

/** The server tells a page of its own user's changes; what everybody does is looked at this often while the tab is visible. */
const LOOK_EVERY_MS = 10_000

const watched = { placeholderData: keepPreviousData, refetchInterval: LOOK_EVERY_MS } as const

/** The dashboard. */
export const overviewQuery = queryOptions({
  ...{ queryKey: ['admin', 'overview'], ...watched },
  queryFn: ({ signal }) => get<PageOverview>(adminApiPaths.overview, signal),
})

/** A page of everybody; `query` is what its address asks for. */
export const usersQuery = (query: string) =>
  queryOptions({
    ...{ queryKey: ['admin', 'users of', query], ...watched },
    queryFn: ({ signal }) => get<PageUsers>(`${adminApiPaths.users}?${query}`, signal),
  })

/** One person with sign-ins and sessions. */
export const userQuery = (name: string) =>
  queryOptions({
    ...{ queryKey: ['admin', 'users', name], refetchInterval: LOOK_EVERY_MS },
    queryFn: ({ signal }) => get<PageUserDetails>(adminApiPaths.user(name), signal),
  })

/** A page of the live sessions of everybody; `query` is what its address asks for. */
export const adminSessionsQuery = (query: string) =>
  queryOptions({
    ...{ queryKey: ['admin', 'sessions', query], ...watched },
    queryFn: ({ signal }) => get<PageAdminSessions>(`${adminApiPaths.sessions}?${query}`, signal),
  })

/** A page of the audit; `query` is what its address asks for. */
export const auditQuery = (query: string) =>
  queryOptions({
    queryKey: ['admin', 'audit', query],
    queryFn: ({ signal }) => get<PageAudit>(`${adminApiPaths.audit}?${query}`, signal),
    placeholderData: keepPreviousData,
  })

/** Where the audit is downloaded from. */
export const auditExportPath = (query: string): string => fromBase(`${adminApiPaths.audit}/export?${query}`)

/** Asks again for everything said about the server and its people. */
export const lookAgainAsAdmin = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['admin'] })
