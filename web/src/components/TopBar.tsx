import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { fromBase } from '../api.ts'
import { pageData } from '../page-data.ts'
import { pagePaths } from '../paths.ts'
import { meQuery } from '../queries.ts'
import { UserMenu } from './UserMenu.tsx'

/** Server name left, user name right. */
export function TopBar() {
  const { data: me } = useQuery(meQuery)
  return (
    <header className="top-bar">
      <Link href={pagePaths.home} className="server-name">
        {me?.serverName ?? pageData.serverName}
      </Link>
      {me ? <UserMenu userName={me.userName} isAdmin={me.isAdmin} /> : null}
    </header>
  )
}

/** The same for pages where nobody may be logged in: the server name only. */
export function PlainTopBar() {
  return (
    <header className="top-bar">
      <a href={fromBase(pagePaths.home)} className="server-name">
        {pageData.serverName}
      </a>
    </header>
  )
}
