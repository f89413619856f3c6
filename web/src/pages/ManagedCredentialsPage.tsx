import type { PageIntegrationDetails, PageIntegrations } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useRef, useState } from 'react'
import { useSearchParams } from 'wouter'
import { Button } from '../components/Button.tsx'
import { EmptyList } from '../components/EmptyList.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { FilterField } from '../components/FilterField.tsx'
import { IntegrationRow } from '../components/IntegrationRow.tsx'
import { SkeletonRows } from '../components/Skeleton.tsx'
import { TimeText } from '../components/TimeText.tsx'
import { useKeys } from '../keys.ts'
import { integrationQuery, integrationsQuery, meQuery, queryClient, sessionsQuery } from '../queries.ts'
import { useLive } from '../use-live.ts'
import { usePageTitle } from '../use-page-title.ts'
import { countWords, matches } from '../words.ts'
import { SettingsLayout } from './SettingsLayout.tsx'

const InfoDialog = lazy(() => import('../components/InfoDialog.tsx').then((module) => ({ default: module.InfoDialog })))
const SignOutDialog = lazy(() => import('../components/SignOutDialog.tsx').then((module) => ({ default: module.SignOutDialog })))
const KeysDialog = lazy(() => import('../components/KeysDialog.tsx').then((module) => ({ default: module.KeysDialog })))

/** From so many rows on there is a filter. */
const FILTER_FROM_ROWS = 10

/** What am I signed in to, and is it healthy? The open Info dialog and the filter are part of the address. */
export function ManagedCredentialsPage() {
  usePageTitle('Settings')
  useLive()
  const { data, error } = useQuery(integrationsQuery)
  return (
    <SettingsLayout>
      <section aria-labelledby="custom-oauth">
        <div className="section-head">
          <h2 id="custom-oauth">Custom OAuth</h2>
          {data && data.integrations.length > 0 ? <p className="secondary">{countWords(data)}</p> : null}
        </div>
        <ErrorLine error={error} />
        {data ? <Integrations data={data} /> : null}
        {data || error ? null : <SkeletonRows rows={4} />}
      </section>
      {data ? <WithoutSessions /> : null}
    </SettingsLayout>
  )
}

/** Whoever has no Unix account comes here from the start page, which has nothing for them: why, and what to do. */
function WithoutSessions() {
  const { data } = useQuery(sessionsQuery)
  if (!data?.lacksAccount || data.sessions.length > 0) return null
  return (
    <p className="secondary">
      You cannot start sessions on this server yet. <TimeText text={data.cannotStart ?? ''} />
    </p>
  )
}

function Integrations({ data }: { readonly data: PageIntegrations }) {
  const { data: me } = useQuery(meQuery)
  const [search, setSearch] = useSearchParams()
  const [signingOut, setSigningOut] = useState<PageIntegrationDetails>()
  const [showsKeys, setShowsKeys] = useState(false)
  const filterField = useRef<HTMLInputElement>(null)
  const actions = useMemo(() => ({ '/': () => filterField.current?.focus(), '?': () => setShowsKeys(true) }), [])
  useKeys(actions)

  const { integrations } = data
  const hasFilter = integrations.length >= FILTER_FROM_ROWS
  const filter = hasFilter ? (search.get('filter') ?? '') : ''
  const shown = integrations.filter((each) => matches(filter, [each.name, each.section, each.description, each.account]))
  const info = integrations.find((each) => each.section === search.get('info'))
  const put = (name: string, value: string, replace: boolean): void =>
    setSearch(
      (before) => {
        if (value === '') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace },
    )

  if (integrations.length === 0) return <EmptyList administrator={me?.isAdmin ? me : undefined} />
  return (
    <>
      {hasFilter ? <FilterField ref={filterField} value={filter} onChange={(value) => put('filter', value, true)} /> : null}
      {shown.length === 0 ? (
        <p className="no-match">No integration matches “{filter}”.</p>
      ) : (
        <ul className="list">
          {shown.map((integration) => (
            <IntegrationRow
              key={integration.uid}
              integration={integration}
              isBeingChanged={signingOut?.uid === integration.uid}
              onInfo={() => put('info', integration.section, false)}
              onSignOut={() => setSigningOut(queryClient.getQueryData(integrationQuery(integration.uid).queryKey))}
            />
          ))}
        </ul>
      )}
      <p className="keys-line">
        <Button look="quiet" onClick={() => setShowsKeys(true)}>
          Keys <kbd>?</kbd>
        </Button>
      </p>
      <Suspense fallback={null}>
        {info ? <InfoDialog integration={info} onClose={() => put('info', '', true)} /> : null}
        {signingOut ? <SignOutDialog integration={signingOut} onClose={() => setSigningOut(undefined)} /> : null}
        {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
      </Suspense>
    </>
  )
}
