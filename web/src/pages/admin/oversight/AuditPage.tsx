import type { PageAudit, PageAuditEntry } from '@benchkey/sdk/admin-pages'
import { useQuery } from '@tanstack/react-query'
import type { SyntheticEvent } from 'react'
import { Link, useSearchParams } from 'wouter'
import { auditExportPath, auditQuery } from '../../../admin-api.ts'
import { auditActionWords } from '../../../audit-words.ts'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { SkeletonRows } from '../../../components/Skeleton.tsx'
import { At } from '../../../components/TimeText.tsx'
import { auditQueryOf } from '../../../oversight-words.ts'
import { pagePaths } from '../../../paths.ts'
import { usePageTitle } from '../../../use-page-title.ts'

/** Who did what, and when. What is looked for is part of the address. */
export function AuditPage() {
  usePageTitle('Audit')
  const [search, setSearch] = useSearchParams()
  const query = auditQueryOf(search)
  const { data, error } = useQuery(auditQuery(query))
  const withoutPage = new URLSearchParams(query)
  withoutPage.delete('before')
  const goTo = (before: string | undefined): void =>
    setSearch((now) => {
      if (before === undefined) now.delete('before')
      else now.set('before', before)
      return now
    })
  return (
    <>
      <div className="page-title">
        <h2>Audit</h2>
        <a className="button" href={auditExportPath(withoutPage.toString())} download>
          Export as lines of JSON
        </a>
      </div>
      <Filters key={search.toString()} search={search} actions={data?.actions ?? []} onFilter={setSearch} />
      <ErrorLine error={error} />
      {data ? <Entries audit={data} isFirst={!search.has('before')} onPage={goTo} /> : null}
      {data || error ? null : <SkeletonRows rows={8} />}
    </>
  )
}

const FIELDS = ['user', 'action', 'integration', 'reference', 'from', 'until', 'all'] as const

interface FiltersProps {
  readonly search: URLSearchParams
  readonly actions: readonly string[]
  readonly onFilter: (next: URLSearchParams) => void
}

function Filters({ search, actions, onFilter }: FiltersProps) {
  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const next = new URLSearchParams()
    for (const name of FIELDS) {
      const value = String(form.get(name) ?? '').trim()
      if (value !== '') next.set(name, value)
    }
    onFilter(next)
  }
  const chosen = search.get('action') ?? ''
  const known = chosen === '' || actions.includes(chosen) ? actions : [chosen, ...actions]
  return (
    <form className="audit-filters" aria-label="Which lines" onSubmit={submit}>
      <TextField name="user" label="User" value={search.get('user')} />
      <label className="field">
        <span className="field-label">What</span>
        {/* Its choices come with the first answer. */}
        <select key={known.length} name="action" className="input" defaultValue={chosen}>
          <option value="">Anything</option>
          {known.map((action) => (
            <option key={action} value={action}>
              {auditActionWords(action)}
            </option>
          ))}
        </select>
      </label>
      <TextField name="integration" label="Integration" value={search.get('integration')} />
      <TextField name="reference" label="Reference" value={search.get('reference')} />
      <TextField name="from" label="From" value={search.get('from')} type="date" />
      <TextField name="until" label="Until" value={search.get('until')} type="date" />
      <label className="check">
        <input type="checkbox" name="all" value="1" defaultChecked={search.get('all') === '1'} />
        <span>Hand-outs and renewals of tokens, too</span>
      </label>
      <Button type="submit">Show</Button>
    </form>
  )
}

interface TextFieldProps {
  readonly name: string
  readonly label: string
  readonly value: string | null
  readonly type?: 'text' | 'date'
}

function TextField({ name, label, value, type = 'text' }: TextFieldProps) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input name={name} type={type} className="input" defaultValue={value ?? ''} autoComplete="off" autoCapitalize="none" />
    </label>
  )
}

interface EntriesProps {
  readonly audit: PageAudit
  readonly isFirst: boolean
  readonly onPage: (before: string | undefined) => void
}

function Entries({ audit: { entries, next }, isFirst, onPage }: EntriesProps) {
  const nothing =
    next === undefined ? 'Nothing was found.' : 'Nothing was found among these lines. Older ones are not looked through yet.'
  return (
    <section aria-label="Lines of the audit">
      {entries.length === 0 ? (
        <p className="panel">{nothing}</p>
      ) : (
        <ol className="list">
          {entries.map((entry) => (
            <EntryRow key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      <div className="button-line">
        {isFirst ? null : <Button onClick={() => onPage(undefined)}>Newest</Button>}
        {next === undefined ? null : <Button onClick={() => onPage(next)}>Older</Button>}
      </div>
    </section>
  )
}

function EntryRow({ entry }: { readonly entry: PageAuditEntry }) {
  const { at, action, outcome, userName, byName, integration, session, address, reference, detail, count } = entry
  const about = [
    integration,
    session,
    address === undefined ? undefined : `from ${address}`,
    count === undefined || count === 1 ? undefined : `${count.toLocaleString('en-US')} times`,
    detail,
    reference === undefined ? undefined : `Reference ${reference}`,
  ].filter((part) => part !== undefined)
  return (
    <li className="audit-row">
      <At iso={at} shape="dated" />
      <p className={`audit-action audit-${outcome}`}>
        {action}
        {outcome === 'ok' || action.endsWith(outcome) ? null : <strong> {outcome}</strong>}
      </p>
      <p>
        {userName === undefined ? '' : <Link href={pagePaths.adminUser(userName)}>{userName}</Link>}
        {byName === undefined ? null : <span className="secondary"> by {byName}</span>}
      </p>
      <p className="secondary">{about.join(' · ')}</p>
    </li>
  )
}
