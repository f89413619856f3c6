import type { PageProblem } from '@benchkey/sdk/pages'
import { At, TimeText } from '../components/TimeText.tsx'
import { PlainTopBar } from '../components/TopBar.tsx'
import { pageData } from '../page-data.ts'
import { ownPath, pagePaths } from '../paths.ts'
import { usePageTitle } from '../use-page-title.ts'

/** Why a sign-in did not come to its end, and whose side that was; the server's words. */
export function CallbackProblemPage({ problem }: { readonly problem: PageProblem }) {
  usePageTitle(problem.title)
  const { basePath } = pageData
  return (
    <>
      <PlainTopBar />
      <main className="focus-page">
        <h1>{problem.title}</h1>
        <p>
          <TimeText text={problem.explanation} />
        </p>
        {problem.providerText ? (
          <p className="provider-text">
            The service's own words: <q>{problem.providerText}</q>
          </p>
        ) : null}
        {problem.isRepeatable ? (
          <button type="button" className="button button-primary" onClick={() => location.reload()}>
            {problem.button.label}
          </button>
        ) : (
          <a className="button button-primary" href={ownPath(problem.button.path, basePath) ?? `${basePath}${pagePaths.home}`}>
            {problem.button.label}
          </a>
        )}
        <p className="reference">
          Reference <code>{problem.reference}</code> · <At iso={problem.at} shape="dated" />
        </p>
      </main>
    </>
  )
}
