import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import { api } from './api.ts'
import { isWorthRetrying } from './errors.ts'
import { daysOfWeek } from './times.ts'

/** The pages' cache of what the API answered. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Freshness comes from the event stream; this only keeps several components of one page from asking twice.
      staleTime: 2000,
      retry: (failures, error) => failures < 2 && isWorthRetrying(error),
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

/** Who is logged in. */
export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 60_000 })

/** Every integration, in the order of the file. */
export const integrationsQuery = queryOptions({
  queryKey: ['integrations'],
  queryFn: ({ signal }) => api.integrations(signal),
  placeholderData: keepPreviousData,
})

/** One integration with everything the Info dialog shows. */
export const integrationQuery = (uid: string) =>
  queryOptions({ queryKey: ['integrations', uid], queryFn: ({ signal }) => api.integration(uid, signal) })

/** What runs, and what may be started. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => api.sessions(signal),
  placeholderData: keepPreviousData,
})

/** The last lines that a session's application wrote. */
export const sessionLogQuery = (id: string) =>
  queryOptions({ queryKey: ['sessions', id, 'log'], queryFn: ({ signal }) => api.sessionLog(id, signal) })

/** Use is on the page after so long, in milliseconds; no event tells of it. */
const ACTIVITY_EVERY_MS = 30_000

/** What happened in the user's name in a week of their own days; 0 is the one that ends today. */
export const activityQuery = (week: number) =>
  queryOptions({
    queryKey: ['activity', week],
    queryFn: ({ signal }) => {
      const { days, until } = daysOfWeek(new Date(), week)
      return api.activity(days, until, signal)
    },
    placeholderData: keepPreviousData,
    refetchInterval: week === 0 ? ACTIVITY_EVERY_MS : false,
  })

const ABOUT = { integrations: ['integrations', 'configuration', 'admin'], sessions: ['sessions', 'activity', 'admin'] } as const

/** Asks again for everything said about integrations, or about sessions and what they did. */
export const lookAgain = (about: keyof typeof ABOUT = 'integrations'): Promise<void> =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => ABOUT[about].some((name) => name === queryKey[0]) })

/** Asks again for everything that open pages show. */
export const lookAgainAtAll = (): Promise<void> =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] })
