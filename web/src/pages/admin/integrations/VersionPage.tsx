import type { PageConfiguration, PageVersionDetails } from '@benchkey/sdk/configuration-pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { Fact, Facts } from '../../../components/Facts.tsx'
import { SkeletonLines } from '../../../components/Skeleton.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { At } from '../../../components/TimeText.tsx'
import { configurationApi, configurationQuery, reviewQuery, versionQuery } from '../../../configuration-api.ts'
import { pagePaths } from '../../../paths.ts'
import { queryClient } from '../../../queries.ts'
import { ActDialog } from '../ActDialog.tsx'
import { DiffView } from './DiffView.tsx'
import { fileName } from './Findings.tsx'
import { PageHead } from './PageHead.tsx'

/** One version: who, when, what, its difference to the one before, and the way back to it. */
export function VersionPage({ number }: { readonly number: number }) {
  const { data: version, error } = useQuery(versionQuery(number))
  const { data: configuration } = useQuery(configurationQuery)
  const file = configuration ? fileName(configuration.file) : 'oauth-clients.conf'
  return (
    <>
      <PageHead title={`Version ${number}`} above={[{ title: 'History', path: pagePaths.adminHistory }]}>
        {version?.isCurrent ? <StateMark shape="dot" tone="ok" label="In force" /> : null}
      </PageHead>
      <ErrorLine error={error} />
      {version ? (
        <>
          <Facts>
            <Fact name="By">{version.by}</Fact>
            <Fact name="When">
              <At iso={version.at} shape="dated" />
            </Fact>
            <Fact name="What">{version.summary}</Fact>
          </Facts>
          {version.diff.length === 0 ? (
            <p className="panel">It holds what the version before it held, or is the first one that is kept.</p>
          ) : (
            <DiffView diff={version.diff} file={file} />
          )}
          {configuration && !version.isCurrent ? <RollBack version={version} configuration={configuration} /> : null}
        </>
      ) : null}
      {version || error ? null : <SkeletonLines lines={10} />}
    </>
  )
}

interface RollBackProps {
  readonly version: PageVersionDetails
  readonly configuration: PageConfiguration
}

/** Leads to the review of going back; asks first where changes of this administrator would be lost. */
function RollBack({ version: { number }, configuration: { changes, readOnly } }: RollBackProps) {
  const [, navigate] = useLocation()
  const [isAsking, setAsking] = useState(false)
  const review = async (): Promise<void> => {
    queryClient.setQueryData(reviewQuery.queryKey, await configurationApi.reviewVersion(number))
    navigate(pagePaths.adminReview)
    await queryClient.invalidateQueries({ queryKey: configurationQuery.queryKey, exact: true })
  }
  const { mutate, isPending, error } = useMutation({ mutationFn: review })
  return (
    <div className="form-actions">
      <Button
        busy={isPending}
        disabled={readOnly !== undefined}
        onClick={() => (changes.length === 0 ? mutate() : setAsking(true))}
      >
        Roll back
      </Button>
      <p className="secondary">
        {readOnly ?? 'Shows first what would change and what it costs; nothing happens before you deploy that.'}
      </p>
      <ErrorLine error={error} />
      {isAsking ? (
        <ActDialog
          title={`Roll back to version ${number}?`}
          words={`What you changed in ${changes.join(', ')} and did not deploy is lost.`}
          act="Go on"
          onAct={review}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </div>
  )
}
