import type { PageAdminSession } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { adminSessionsQuery } from '../../../admin-api.ts'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { usePageTitle } from '../../../use-page-title.ts'
import { matches } from '../../../words.ts'
import { type AdminAct, AdminDialog } from './AdminDialog.tsx'
import { SessionList } from './SessionList.tsx'
import { useFilter } from './use-filter.ts'

/** More rows than anybody reads; the filter leads to the others. */
const ROWS = 200

/** What runs now, of everybody. The filter is part of the address. */
export function SessionsPage() {
  usePageTitle('Sessions')
  const { data, error } = useQuery(adminSessionsQuery)
  return (
    <>
      <div className="page-title">
        <h2>Sessions</h2>
      </div>
      <ErrorLine error={error} />
      {data ? <Rows sessions={data.sessions} /> : null}
      {data || error ? null : <SkeletonRows rows={6} />}
    </>
  )
}

function Rows({ sessions }: { readonly sessions: readonly PageAdminSession[] }) {
  const { filter, setFilter, field } = useFilter()
  const [act, setAct] = useState<AdminAct>()
  if (sessions.length === 0) return <p className="panel">No session is running.</p>
  const found = sessions.filter(({ name, userName, kind, where, mark }) =>
    matches(filter, [name, userName, kind, where, mark.label]),
  )
  return (
    <section aria-label="Sessions">
      <FilterField ref={field} value={filter} onChange={setFilter} />
      {found.length === 0 ? (
        <p className="no-match">No session matches “{filter}”.</p>
      ) : (
        <SessionList sessions={found.slice(0, ROWS)} withUsers onAct={setAct} />
      )}
      {found.length > ROWS ? (
        <p className="secondary">{(found.length - ROWS).toLocaleString('en-US')} more. Narrow the list with the filter.</p>
      ) : null}
      {act ? <AdminDialog act={act} onClose={() => setAct(undefined)} /> : null}
    </section>
  )
}
