import type { PageConfiguration } from '@benchkey/sdk/configuration-pages'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef } from 'react'
import { Link, useSearchParams } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { EmptyList } from '../../../components/EmptyList.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { StateMark } from '../../../components/StateMark.tsx'
import { configurationApi, configurationQuery } from '../../../configuration-api.ts'
import { useKeys } from '../../../keys.ts'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'
import { matches } from '../../../words.ts'
import { ChangesBar, NotLoadedNote, ReadOnlyNote } from './Bars.tsx'
import { ConfiguredRow } from './ConfiguredRow.tsx'
import { FindingList, fileName } from './Findings.tsx'
import { NodeAnswers } from './NodeAnswers.tsx'
import { RedirectUri } from './RedirectUri.tsx'
import { TestPanel, useTest } from './TestPanel.tsx'

/** From so many rows on there is a filter. */
const FILTER_FROM_ROWS = 10

/** What is configured, what is not deployed, and how the nodes took the last deploy. The filter is part of the address. */
export function ListPage() {
  usePageTitle('Integrations')
  const { data, error } = useQuery(configurationQuery)
  return (
    <>
      <div className="page-title">
        <h2>Integrations</h2>
        {data ? <VersionWords configuration={data} /> : null}
        {data && data.readOnly === undefined ? (
          <Link
            href={pagePaths.adminAddIntegration}
            className={`button button-${data.changes.length === 0 ? 'primary' : 'plain'}`}
          >
            Add
          </Link>
        ) : null}
      </div>
      <ErrorLine error={error} />
      {data ? <Configuration data={data} /> : null}
      {data || error ? null : <SkeletonRows rows={4} />}
    </>
  )
}

function VersionWords({ configuration: { version, file } }: { readonly configuration: PageConfiguration }) {
  return (
    <p className="secondary version-words">
      <span title={file}>{fileName(file)}</span>, version {version} · <Link href={pagePaths.adminHistory}>History</Link>
    </p>
  )
}

function Configuration({ data }: { readonly data: PageConfiguration }) {
  const test = useTest(configurationApi.testServer)
  return (
    <>
      <ReadOnlyNote configuration={data} />
      <NotLoadedNote configuration={data} />
      <ChangesBar configuration={data} isChief />
      <Deployed configuration={data} />
      <div className="register-line">
        <RedirectUri uri={data.redirectUri} words="Redirect URI to register at every service:" />
        <Button busy={test.isRunning} onClick={test.start}>
          Test this server
        </Button>
      </div>
      <TestPanel test={test} name="this server" />
      <FindingList title="What is wrong with the file as it stands" findings={data.findings} file={fileName(data.file)} />
      {data.integrations.length === 0 ? (
        <div className="what-changes">
          {data.readOnly === undefined ? <p>Add leads you through it. By hand it goes like this:</p> : null}
          <EmptyList administrator={data} />
        </div>
      ) : (
        <Rows data={data} />
      )}
    </>
  )
}

/** How the nodes took it, in one line; after a deploy of this administrator's with the word for it. */
function Deployed({ configuration: { nodes, version } }: { readonly configuration: PageConfiguration }) {
  const [search] = useSearchParams()
  const deployed = Number(search.get('deployed') ?? Number.NaN)
  return (
    <section className="deployed" aria-label="Nodes">
      {deployed === version ? (
        <p role="status">
          <StateMark shape="dot" tone="ok" label={`Version ${deployed} is deployed.`} />
        </p>
      ) : null}
      <NodeAnswers nodes={nodes} />
    </section>
  )
}

function Rows({ data: { integrations, readOnly } }: { readonly data: PageConfiguration }) {
  const [search, setSearch] = useSearchParams()
  const field = useRef<HTMLInputElement>(null)
  const actions = useMemo(() => ({ '/': () => field.current?.focus() }), [])
  useKeys(actions)
  const hasFilter = integrations.length >= FILTER_FROM_ROWS
  const filter = hasFilter ? (search.get('filter') ?? '') : ''
  const shown = integrations.filter((each) => matches(filter, [each.name, each.section, each.preset, each.host]))
  const put = (value: string): void => {
    setSearch(
      (before) => {
        if (value === '') before.delete('filter')
        else before.set('filter', value)
        return before
      },
      { replace: true },
    )
  }
  return (
    <section aria-label="Integrations">
      {hasFilter ? <FilterField ref={field} value={filter} onChange={put} /> : null}
      {shown.length === 0 ? (
        <p className="no-match">No integration matches “{filter}”.</p>
      ) : (
        <ul className="list">
          {shown.map((integration) => (
            <ConfiguredRow key={integration.section} integration={integration} isReadOnly={readOnly !== undefined} />
          ))}
        </ul>
      )}
    </section>
  )
}
