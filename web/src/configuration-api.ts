import type {
  PageConfiguration,
  PageDeploy,
  PageDeployed,
  PageOptions,
  PagePresets,
  PageReloaded,
  PageResolution,
  PageReview,
  PageSection,
  PageSectionCheck,
  PageSectionEdit,
  PageVerification,
  PageVersionDetails,
  PageVersions,
} from '@benchkey/sdk/configuration-pages'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, post, put } from './api.ts'
import { queryClient } from './queries.ts'

const CONFIGURATION = '/api/admin/configuration'
const sectionPath = (section: string): string => `${CONFIGURATION}/sections/${encodeURIComponent(section)}`
const versionPath = (number: number): string => `${CONFIGURATION}/versions/${number}`

/** An act on a section that is kept as a change of this administrator. */
export type SectionAct = 'remove' | 'undo' | 'enable' | 'disable'

/** What the Configuration Manager changes; reading is done by the queries below. */
export const configurationApi = {
  /** `was` is the section's header now; absent for a new one. */
  check: (edit: PageSectionEdit, was: string | undefined) =>
    post<PageSectionCheck>(`${CONFIGURATION}/check`, { ...edit, ...(was === undefined ? {} : { was }) }),
  save: (edit: PageSectionEdit, was: string | undefined) =>
    was === undefined
      ? post<PageConfiguration>(`${CONFIGURATION}/sections`, edit)
      : put<PageConfiguration>(sectionPath(was), edit),
  act: (section: string, act: SectionAct) => post<PageConfiguration>(`${sectionPath(section)}/${act}`),
  /** Loads the file as it lies there, on all nodes. */
  reload: () => post<PageReloaded>(`${CONFIGURATION}/reload`),
  undoAll: () => post<PageConfiguration>(`${CONFIGURATION}/undo`),
  test: (section: string, signal: AbortSignal) => post<PageVerification>(`${sectionPath(section)}/test`, {}, 'log-in', signal),
  testServer: (signal: AbortSignal) => post<PageVerification>('/api/admin/verify-server', {}, 'log-in', signal),
  resolve: (resolution: PageResolution) => post<PageReview>(`${CONFIGURATION}/resolve`, resolution),
  deploy: (deploy: PageDeploy) => post<PageDeployed>(`${CONFIGURATION}/deploy`, deploy),
  /** Puts going back to a version in the place of one's changes. */
  reviewVersion: (number: number) => post<PageReview>(`${versionPath(number)}/review`),
}

/** Pause between two looks at nodes that have not answered yet, in milliseconds. */
const NODES_EVERY_MS = 1000

/** The list: what the file holds, what is not deployed, how the nodes answered. */
export const configurationQuery = queryOptions({
  queryKey: ['configuration'],
  queryFn: ({ signal }) => get<PageConfiguration>(CONFIGURATION, signal),
  placeholderData: keepPreviousData,
  refetchInterval: ({ state }) => (state.data?.nodes.some(({ isPending }) => isPending) ? NODES_EVERY_MS : false),
})

/** What a section may hold; the same until another Benchkey is installed. */
export const optionsQuery = queryOptions({
  queryKey: ['configuration-options'],
  queryFn: ({ signal }) => get<PageOptions>(`${CONFIGURATION}/options`, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** The known providers; the same until another Benchkey is installed. */
export const presetsQuery = queryOptions({
  queryKey: ['presets'],
  queryFn: ({ signal }) => get<PagePresets>('/api/admin/presets', signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** A section as written, with what is not deployed. */
export const sectionQuery = (section: string) =>
  queryOptions({
    queryKey: ['configuration', 'section', section],
    queryFn: ({ signal }) => get<PageSection>(sectionPath(section), signal),
  })

/** What **Deploy** would do. */
export const reviewQuery = queryOptions({
  queryKey: ['configuration', 'review'],
  queryFn: ({ signal }) => get<PageReview>(`${CONFIGURATION}/review`, signal),
})

/** Every version that was in force, newest first. */
export const versionsQuery = queryOptions({
  queryKey: ['configuration', 'versions'],
  queryFn: ({ signal }) => get<PageVersions>(`${CONFIGURATION}/versions`, signal),
})

/** A version and its difference to the one before. */
export const versionQuery = (number: number) =>
  queryOptions({
    queryKey: ['configuration', 'version', number],
    queryFn: ({ signal }) => get<PageVersionDetails>(versionPath(number), signal),
  })

/** Takes over what an act answered, and asks again for everything else that is said about the configuration. */
export async function tookOver(configuration: PageConfiguration): Promise<void> {
  queryClient.setQueryData(configurationQuery.queryKey, configuration)
  await queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'configuration' && queryKey.length > 1 })
}
