import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { useKeptFocus } from './use-kept-focus.ts'

interface PageHeadProps {
  readonly title: string
  /** Pages between the list and this one. */
  readonly above?: readonly { readonly title: string; readonly path: string }[]
  /** What stands beside the title. */
  readonly children?: ReactNode
}

/** Where this page is, and its title. */
export function PageHead({ title, above = [], children }: PageHeadProps) {
  usePageTitle(title)
  const heading = useKeptFocus()
  return (
    <header className="page-top">
      <nav aria-label="Above this page" className="crumbs secondary">
        <Link href={pagePaths.adminIntegrations}>Integrations</Link>
        {above.map(({ title: name, path }) => (
          <span key={path}>
            {' '}
            / <Link href={path}>{name}</Link>
          </span>
        ))}
      </nav>
      <div className="page-title">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {children}
      </div>
    </header>
  )
}
