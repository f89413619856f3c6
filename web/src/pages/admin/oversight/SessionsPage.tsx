import type { PageAdminSessions } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { adminSessionsQuery } from '../../../admin-api.ts'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { usePageTitle } from '../../../use-page-title.ts'
import { type AdminAct, AdminDialog } from './AdminDialog.tsx'
import { FilteredList } from './FilteredList.tsx'
import { SessionList } from './SessionList.tsx'
import { type ListAddress, useListAddress } from './use-list-address.ts'

/** What runs now, of everybody. Filter and page are part of the address. */
export function SessionsPage() {
  usePageTitle('Sessions')
  const address = useListAddress()
  const { data, error } = useQuery(adminSessionsQuery(address.query))
  return (
    <>
      <div className="page-title">
        <h2>Sessions</h2>
      </div>
      <ErrorLine error={error} />
      {data ? <Rows address={address} page={data} /> : null}
      {data || error ? null : <SkeletonRows rows={6} />}
    </>
  )
}

function Rows({ address, page }: { readonly address: ListAddress; readonly page: PageAdminSessions }) {
  const [act, setAct] = useState<AdminAct>()
  if (page.total === 0) return <p className="panel">No session is running.</p>
  return (
    <section aria-label="Sessions">
      <FilteredList address={address} page={page} noun="session" first="Newest" following="Older">
        <SessionList sessions={page.sessions} withUsers onAct={setAct} />
      </FilteredList>
      {act ? <AdminDialog act={act} onClose={() => setAct(undefined)} /> : null}
    </section>
  )
}
