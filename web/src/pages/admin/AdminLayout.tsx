import type { PageMe } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { ErrorLine } from '../../components/ErrorLine.tsx'
import { TopBar } from '../../components/TopBar.tsx'
import { pagePaths } from '../../paths.ts'
import { meQuery } from '../../queries.ts'

const TABS = [
  { path: pagePaths.admin, label: 'Dashboard' },
  { path: pagePaths.adminIntegrations, label: 'Integrations' },
  { path: pagePaths.adminUsers, label: 'Users' },
  { path: pagePaths.adminSessions, label: 'Sessions' },
  { path: pagePaths.adminAudit, label: 'Audit' },
] as const

/** Whether a tab's page, or one below it, is shown. */
const isBelow = (path: string, tab: string): boolean => path === tab || (tab !== pagePaths.admin && path.startsWith(`${tab}/`))

/** Top bar, the heading Administration, the list of its tabs, and one tab's content; nothing but a sentence for whoever is no administrator. */
export function AdminLayout({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation()
  const { data: me, error } = useQuery(meQuery)
  return (
    <>
      <TopBar />
      <main className="settings admin">
        <h1>Administration</h1>
        {me?.isAdmin ? (
          <>
            <nav className="side" aria-label="Administration">
              {TABS.map((tab) => (
                <Link
                  key={tab.path}
                  href={tab.path}
                  className="side-link"
                  aria-current={isBelow(path, tab.path) ? 'page' : undefined}
                >
                  {tab.label}
                </Link>
              ))}
            </nav>
            <div className="settings-content admin-content">{children}</div>
          </>
        ) : (
          <NotForYou me={me} error={error} />
        )}
      </main>
    </>
  )
}

/** Until it is known who asks, nothing; then what to do for whoever is no administrator. The server refuses them all the same. */
function NotForYou({ me, error }: { readonly me: PageMe | undefined; readonly error: unknown }) {
  if (!me) return <ErrorLine error={error} />
  return (
    <div className="panel not-for-you">
      <p>Only administrators see this page, and {me.userName} is not one.</p>
      <p className="secondary">
        If you administer Benchkey under another name, log out and log in with that one; otherwise ask whoever runs this server.
        What is yours stands under <Link href={pagePaths.managedCredentials}>Settings</Link>.
      </p>
    </div>
  )
}
