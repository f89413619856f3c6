import type { PageUser } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { usersQuery } from '../../../admin-api.ts'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { Ago } from '../../../components/TimeText.tsx'
import { userWords } from '../../../oversight-words.ts'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { matches } from '../../../words.ts'
import { type AdminAct, AdminDialog } from './AdminDialog.tsx'
import { lockAct } from './acts.ts'
import { useFilter } from './use-filter.ts'

/** More rows than anybody reads; the filter leads to the others. */
const ROWS = 200

/** Who may log in, and what they have. The filter is part of the address. */
export function UsersPage() {
  usePageTitle('Users')
  const { data, error } = useQuery(usersQuery)
  return (
    <>
      <div className="page-title">
        <h2>Users</h2>
        <p className="secondary">
          They are added on the server: <code>benchkey user add NAME</code>
        </p>
      </div>
      <ErrorLine error={error} />
      {data ? <Rows users={data.users} /> : null}
      {data || error ? null : <SkeletonRows rows={6} />}
    </>
  )
}

function Rows({ users }: { readonly users: readonly PageUser[] }) {
  const { filter, setFilter, field } = useFilter()
  const [act, setAct] = useState<AdminAct>()
  const found = users.filter((user) =>
    matches(filter, [user.name, user.isAdmin ? 'administrator' : '', user.lockedAt ? 'locked' : '']),
  )
  return (
    <section aria-label="Users">
      <FilterField ref={field} value={filter} onChange={setFilter} />
      {found.length === 0 ? (
        <p className="no-match">No user matches “{filter}”.</p>
      ) : (
        <ul className="list">
          {found.slice(0, ROWS).map((user) => (
            <UserRow key={user.name} user={user} onAct={setAct} />
          ))}
        </ul>
      )}
      {found.length > ROWS ? (
        <p className="secondary">{(found.length - ROWS).toLocaleString('en-US')} more. Narrow the list with the filter.</p>
      ) : null}
      {act ? <AdminDialog act={act} onClose={() => setAct(undefined)} /> : null}
    </section>
  )
}

function UserRow({ user, onAct }: { readonly user: PageUser; readonly onAct: (act: AdminAct) => void }) {
  const { name, isAdmin, lockedAt, lastSeenAt } = user
  const act = lockedAt ? 'unlock' : 'lock'
  return (
    <li className="row user-row">
      <Tile name={name} icon={undefined} />
      <div className="row-name">
        <h3>
          <Link href={pagePaths.adminUser(name)}>{name}</Link>
        </h3>
        <p className="secondary">{isAdmin ? 'administrator' : 'user'}</p>
      </div>
      <div className="row-state">
        <UserMark user={user} />
        <p className="secondary row-account">
          {userWords(user)}
          {lastSeenAt ? (
            <>
              {' '}
              · seen <Ago iso={lastSeenAt} />
            </>
          ) : null}
        </p>
      </div>
      <div className="row-actions">
        <Button
          className="row-button"
          aria-label={`${lockedAt ? 'Unlock' : 'Lock'} ${name}`}
          onClick={() => onAct(lockAct(name, act))}
        >
          {lockedAt ? 'Unlock' : 'Lock'}
        </Button>
      </div>
    </li>
  )
}

/** Whether somebody may log in. */
export function UserMark({ user: { lockedAt } }: { readonly user: PageUser }) {
  return lockedAt ? (
    <StateMark shape="octagon" tone="neutral" label={`Locked since {time:${lockedAt}}`} />
  ) : (
    <StateMark shape="dot" tone="ok" label="Active" />
  )
}
