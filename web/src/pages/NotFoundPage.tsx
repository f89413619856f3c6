import { fromBase } from '../api.ts'
import { PlainTopBar } from '../components/TopBar.tsx'
import { pagePaths } from '../paths.ts'
import { usePageTitle } from '../use-page-title.ts'

/** No page has this address. */
export function NotFoundPage() {
  usePageTitle('No such page')
  return (
    <>
      <PlainTopBar />
      <main className="focus-page">
        <h1>There is no page at this address</h1>
        <p>The address may be mistyped, or the page was moved.</p>
        <a className="button button-primary" href={fromBase(pagePaths.managedCredentials)}>
          Managed Credentials
        </a>
      </main>
    </>
  )
}
