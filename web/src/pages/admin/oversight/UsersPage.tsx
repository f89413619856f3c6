import type { PageUser, PageUsers } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { usersQuery } from '../../../admin-api.ts'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { Ago } from '../../../components/TimeText.tsx'
import { userWords } from '../../../oversight-words.ts'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { type AdminAct, AdminDialog } from './AdminDialog.tsx'
import { lockAct } from './acts.ts'
import { FilteredList } from './FilteredList.tsx'
import { type ListAddress, useListAddress } from './use-list-address.ts'

/** Who may log in, and what they have. Filter and page are part of the address. */
export function UsersPage() {
  usePageTitle('Users')
  const address = useListAddress()
  const { data, error } = useQuery(usersQuery(address.query))
  return (
    <>
      <div className="page-title">
        <h2>Users</h2>
        <p className="secondary">
          They are added on the server: <code>benchkey user add NAME</code>
        </p>
      </div>
      <ErrorLine error={error} />
      {data ? <Rows address={address} page={data} /> : null}
      {data || error ? null : <SkeletonRows rows={6} />}
    </>
  )
}

function Rows({ address, page }: { readonly address: ListAddress; readonly page: PageUsers }) {
  const [act, setAct] = useState<AdminAct>()
  return (
    <section aria-label="Users">
      <FilteredList address={address} page={page} noun="user" first="First" following="Next">
        <ul className="list">
          {page.users.map((user) => (
            <UserRow key={user.name} user={user} onAct={setAct} />
          ))}
        </ul>
      </FilteredList>
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
