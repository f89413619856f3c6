import type { PageConfiguration, PageReview } from '@benchkey/sdk/configuration-pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { useConfirmedLogin } from '../../../components/ConfirmLogin.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonLines } from '../../../components/Skeleton.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import { configurationApi, configurationQuery, reviewQuery } from '../../../configuration-api.ts'
import { ApiError } from '../../../errors.ts'
import { pagePaths } from '../../../paths.ts'
import { queryClient } from '../../../queries.ts'
import { ReadOnlyNote } from './Bars.tsx'
import { Conflicts } from './Conflicts.tsx'
import { DiffView } from './DiffView.tsx'
import { FindingList, fileName } from './Findings.tsx'
import { PageHead } from './PageHead.tsx'

/** What **Deploy** would do, and the button for it. */
export function ReviewPage() {
  const { data: review, error } = useQuery(reviewQuery)
  const { data: configuration, error: configurationError } = useQuery(configurationQuery)
  return (
    <>
      <PageHead title="Review and deploy" />
      <ErrorLine error={error ?? configurationError} />
      {configuration ? <ReadOnlyNote configuration={configuration} /> : null}
      {review && configuration ? <Review review={review} configuration={configuration} /> : null}
      {(review && configuration) || error ? null : <SkeletonLines lines={12} />}
    </>
  )
}

interface ReviewProps {
  readonly review: PageReview
  readonly configuration: PageConfiguration
}

function Review({ review, configuration }: ReviewProps) {
  const file = fileName(configuration.file)
  if (review.diff.length === 0 && review.conflicts.length === 0) {
    return (
      <>
        <Lines title="Changed meanwhile by others" lines={review.alsoChanged} look="neutral" />
        <p className="panel">
          Nothing would change: {file} is already so. <Link href={pagePaths.adminIntegrations}>Integrations</Link>
        </p>
      </>
    )
  }
  return (
    <>
      <Conflicts conflicts={review.conflicts} />
      <Lines title="What it costs" lines={review.costs} look="warn" />
      <Lines title="Changed meanwhile by others" lines={review.alsoChanged} look="neutral" />
      <FindingList title={`Findings in ${file} as it would be`} findings={review.findings} file={file} />
      <div className="what-changes">
        <h3>What changes in {file}</h3>
        <DiffView diff={review.diff} file={file} />
      </div>
      <Deploy review={review} configuration={configuration} />
    </>
  )
}

function Lines(props: { readonly title: string; readonly lines: readonly string[]; readonly look: 'warn' | 'neutral' }) {
  if (props.lines.length === 0) return null
  return (
    <section className={`explanation explanation-${props.look} review-lines`} aria-label={props.title}>
      <div className="explanation-words">
        <h3>{props.title}</h3>
        <ul>
          {props.lines.map((line) => (
            <li key={line}>
              <TimeText text={line} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

/** Why it cannot be deployed, in words; undefined when it can. */
function blockOf({ blocked, conflicts }: PageReview, { readOnly }: PageConfiguration): string | undefined {
  if (readOnly !== undefined) return 'Nothing can be deployed here; the reason stands above.'
  if (blocked !== undefined) return blocked
  if (conflicts.length === 1) return 'Decide the conflict first.'
  return conflicts.length > 0 ? `Decide the ${conflicts.length} conflicts first.` : undefined
}

/** Where a secret has to be typed before it can be deployed: the sentence begins with the section. */
function BlockingSection({ block, configuration }: { readonly block: string; readonly configuration: PageConfiguration }) {
  const named = /^\[([^\]]+)\] /.exec(block)?.[1]
  const integration = configuration.integrations.find(({ section }) => section === named)
  return integration ? <Link href={pagePaths.adminIntegration(integration.section)}>Open {integration.name}</Link> : null
}

function Deploy({ review, configuration }: { readonly review: PageReview; readonly configuration: PageConfiguration }) {
  const [, navigate] = useLocation()
  const confirmed = useConfirmedLogin()
  const deploy = useMutation({
    mutationFn: () => confirmed.run(() => configurationApi.deploy({ token: review.token })),
    onSuccess: async ({ version }) => {
      navigate(`${pagePaths.adminIntegrations}?deployed=${version}`)
      await queryClient.invalidateQueries({ queryKey: ['configuration'] })
    },
    onError: async (error) => {
      // The file or the changes are others by now: what stands here is no longer what would be deployed.
      if (error instanceof ApiError && error.status === 409) await queryClient.invalidateQueries({ queryKey: ['configuration'] })
    },
  })
  const block = blockOf(review, configuration)
  return (
    <div className="deploy-line">
      <ErrorLine error={deploy.error} />
      <div className="form-actions">
        <Button
          look="primary"
          busy={deploy.isPending}
          disabled={block !== undefined}
          aria-describedby={block === undefined ? undefined : 'deploy-block'}
          onClick={() => deploy.mutate()}
        >
          Deploy
        </Button>
        <Link href={pagePaths.adminIntegrations} className="button button-plain">
          Not now
        </Link>
        {block === undefined ? null : (
          <p id="deploy-block">
            <TimeText text={block} /> <BlockingSection block={block} configuration={configuration} />
          </p>
        )}
      </div>
      {confirmed.dialog}
    </div>
  )
}
