import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { TopBar } from '../components/TopBar.tsx'
import { pagePaths } from '../paths.ts'

const TABS = [
  { path: pagePaths.managedCredentials, label: 'Managed Credentials' },
  { path: pagePaths.activity, label: 'Activity' },
] as const

/** Top bar, the heading Settings, the list of its tabs, and one tab's content. */
export function SettingsLayout({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation()
  return (
    <>
      <TopBar />
      <main className="settings">
        <h1>Settings</h1>
        <nav className="side" aria-label="Settings">
          {TABS.map((tab) => (
            <Link key={tab.path} href={tab.path} className="side-link" aria-current={tab.path === path ? 'page' : undefined}>
              {tab.label}
            </Link>
          ))}
        </nav>
        <div className="settings-content">{children}</div>
      </main>
    </>
  )
}
