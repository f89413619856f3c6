import type { PageVersion } from '@benchkey/sdk/configuration-pages'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { At } from '../../../components/TimeText.tsx'
import { versionsQuery } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { PageHead } from './PageHead.tsx'

/** Every version that was in force: when, by whom, what. */
export function HistoryPage() {
  const { data, error } = useQuery(versionsQuery)
  return (
    <>
      <PageHead title="History" />
      <ErrorLine error={error} />
      {data?.versions.length === 0 ? (
        <p className="panel">No version is kept yet. The first deploy or reload makes one.</p>
      ) : null}
      {data && data.versions.length > 0 ? (
        <ol className="list" reversed>
          {data.versions.map((version) => (
            <VersionRow key={version.number} version={version} />
          ))}
        </ol>
      ) : null}
      {data || error ? null : <SkeletonRows rows={4} />}
    </>
  )
}

function VersionRow({ version: { number, at, by, summary, isCurrent } }: { readonly version: PageVersion }) {
  return (
    <li className="version-row">
      <h3>
        <Link href={pagePaths.adminVersion(number)}>Version {number}</Link>
      </h3>
      <p className="secondary">
        <At iso={at} shape="short" /> by {by}
      </p>
      <p className="version-summary">{summary}</p>
      {isCurrent ? <StateMark shape="dot" tone="ok" label="In force" /> : null}
    </li>
  )
}
