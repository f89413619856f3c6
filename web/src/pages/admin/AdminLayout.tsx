import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { TopBar } from '../../components/TopBar.tsx'
import { pagePaths } from '../../paths.ts'

const TABS = [
  { path: pagePaths.admin, label: 'Dashboard' },
  { path: pagePaths.adminIntegrations, label: 'Integrations' },
  { path: pagePaths.adminUsers, label: 'Users' },
  { path: pagePaths.adminSessions, label: 'Sessions' },
  { path: pagePaths.adminAudit, label: 'Audit' },
] as const

/** Whether a tab's page, or one below it, is shown. */
const isBelow = (path: string, tab: string): boolean => path === tab || (tab !== pagePaths.admin && path.startsWith(`${tab}/`))

/** Top bar, the heading Administration, the list of its tabs, and one tab's content. */
export function AdminLayout({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation()
  return (
    <>
      <TopBar />
      <main className="settings admin">
        <h1>Administration</h1>
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
      </main>
    </>
  )
}
