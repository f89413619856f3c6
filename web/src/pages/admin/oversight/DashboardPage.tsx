import type {
  PageAdminFinding,
  PageFindingButton,
  PageHousekeeping,
  PageIntegrationHealth,
  PageMark,
  PageNode,
  PageOverview,
} from '@benchkey/sdk/admin-pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { lookAgainAsAdmin, oversightApi, overviewQuery } from '../../../admin-api.ts'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { Ago, TimeText } from '../../../components/TimeText.tsx'
import { healthWords } from '../../../oversight-words.ts'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { Part } from './Part.tsx'

/** Is all well? The verdict first, then how each part is. */
export function DashboardPage() {
  usePageTitle('Dashboard')
  const { data, error } = useQuery(overviewQuery)
  return (
    <>
      <ErrorLine error={error} />
      {data ? <Overview data={data} /> : null}
      {data || error ? null : <SkeletonRows rows={6} />}
    </>
  )
}

function Overview({ data }: { readonly data: PageOverview }) {
  const { verdict, figures, findings, integrations, nodes, housekeeping } = data
  return (
    <>
      <section className="verdict" aria-labelledby="verdict">
        <h2 id="verdict">
          <Mark mark={{ tone: verdict.isWell ? 'ok' : 'danger', label: verdict.text }} />
        </h2>
        <p className="secondary figures">{figures}</p>
        <ul className="findings-list">
          {findings.map((finding) => (
            <Finding key={finding.fact} finding={finding} />
          ))}
        </ul>
      </section>
      <Part id="integrations" title="Integrations">
        {integrations.length === 0 ? (
          <p className="panel">
            No integrations yet. <Link href={pagePaths.adminAddIntegration}>Add the first one</Link>
          </p>
        ) : (
          <ul className="list">
            {integrations.map((each) => (
              <IntegrationLine key={each.section} integration={each} />
            ))}
          </ul>
        )}
      </Part>
      <Part id="nodes" title="Nodes">
        <ul className="list">
          {nodes.map((node) => (
            <NodeLine key={`${node.host} ${node.pid} ${node.startedAt}`} node={node} />
          ))}
        </ul>
      </Part>
      <Part id="housekeeping" title="Housekeeping">
        <dl className="list">
          {housekeeping.map((part) => (
            <PartLine key={part.name} part={part} />
          ))}
        </dl>
      </Part>
    </>
  )
}

function Mark({ mark: { tone, label } }: { readonly mark: PageMark }) {
  return <StateMark shape={shapeOf({ state: '', tone })} tone={tone} label={label} />
}

function Finding({ finding: { tone, fact, action, buttons } }: { readonly finding: PageAdminFinding }) {
  return (
    <li className={`explanation explanation-${tone}`}>
      <div className="explanation-words">
        <p>
          <TimeText text={fact} />
        </p>
        <p className="secondary">
          <TimeText text={action} />
        </p>
      </div>
      <div className="row-actions">
        {buttons.map((button) => (
          <FindingButton key={button.label} button={button} />
        ))}
      </div>
    </li>
  )
}

/** The page of an integration tests at once when it is come to like this (TestPanel). */
const TEST_ON_ARRIVAL = { test: true } as const

function FindingButton({ button }: { readonly button: PageFindingButton }) {
  const [, navigate] = useLocation()
  if (button.kind === 'reload') return <ReloadButton label={button.label} />
  const open = (): void => {
    if (button.kind === 'link') navigate(button.path)
    else navigate(pagePaths.adminIntegration(button.section), button.kind === 'open' ? {} : { state: TEST_ON_ARRIVAL })
  }
  const about = button.kind === 'link' ? button.label : `${button.label}: ${button.section}`
  return (
    <Button className="row-button" aria-label={about} onClick={open}>
      {button.label}
    </Button>
  )
}

function ReloadButton({ label }: { readonly label: string }) {
  const reload = useMutation({ mutationFn: oversightApi.reload, onSuccess: lookAgainAsAdmin })
  const refused = reload.data?.applied === false ? reload.data.findings.find(({ severity }) => severity === 'error') : undefined
  return (
    <>
      <Button className="row-button" busy={reload.isPending} onClick={() => reload.mutate()}>
        {label}
      </Button>
      <ErrorLine error={reload.error} />
      {refused ? <p role="alert">Nothing was reloaded: {refused.text}</p> : null}
      {reload.data?.applied ? <p role="status">The files were read again.</p> : null}
    </>
  )
}

function IntegrationLine({ integration }: { readonly integration: PageIntegrationHealth }) {
  const { section, name, mark, lastTokenAt } = integration
  return (
    <li className="row overview-row">
      <Tile name={name} icon={undefined} />
      <div className="row-name">
        <h3>
          <Link href={pagePaths.adminIntegration(section)}>{name}</Link>
        </h3>
        <p className="secondary">{healthWords(integration)}</p>
      </div>
      <div className="row-state">
        <Mark mark={mark} />
        <p className="secondary row-account">{lastTokenAt ? <LastToken iso={lastTokenAt} /> : 'no token yet'}</p>
      </div>
    </li>
  )
}

const LastToken = ({ iso }: { readonly iso: string }) => (
  <>
    last token <Ago iso={iso} />
  </>
)

function NodeLine({ node }: { readonly node: PageNode }) {
  const { host, pid, version, startedAt, heartbeatAt, mark, configurationVersion } = node
  const configuration = configurationVersion === undefined ? '' : ` · configuration ${configurationVersion}`
  return (
    <li className="row overview-row">
      <Tile name={host} icon={undefined} />
      <div className="row-name">
        <h3>{host}</h3>
        <p className="secondary">
          process {pid} · Benchkey {version}
          {configuration}
        </p>
      </div>
      <div className="row-state">
        <Mark mark={mark} />
        <p className="secondary row-account">
          started <Ago iso={startedAt} />, seen <Ago iso={heartbeatAt} />
        </p>
      </div>
    </li>
  )
}

function PartLine({ part: { name, mark, detail } }: { readonly part: PageHousekeeping }) {
  return (
    <div className="part-line">
      <dt>{name}</dt>
      <dd className={mark.tone === 'ok' ? 'secondary' : ''}>
        {mark.tone === 'ok' ? null : <Mark mark={mark} />}
        <span>
          <TimeText text={detail} />
        </span>
      </dd>
    </div>
  )
}
