import { type ReactNode, useEffect, useRef } from 'react'
import { Link } from 'wouter'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'

interface PageHeadProps {
  readonly title: string
  /** Pages between the list and this one. */
  readonly above?: readonly { readonly title: string; readonly path: string }[]
  /** What stands beside the title. */
  readonly children?: ReactNode
}

/** Where this page is, and its title. After a step inside the Configuration Manager the title has the focus, so that reading goes on there. */
export function PageHead({ title, above = [], children }: PageHeadProps) {
  usePageTitle(title)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (document.activeElement === document.body && history.length > 1) heading.current?.focus({ preventScroll: true })
  }, [])
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
