import type { PageApplication, PageSession } from '@benchkey/sdk/pages'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import { api } from '../api.ts'
import { integrationsQuery, lookAgain } from '../queries.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { KindTile } from './KindTile.tsx'
import { ModalDialog } from './ModalDialog.tsx'
import { SkeletonLines } from './Skeleton.tsx'

/** As the server takes them. */
const NAME_LIMIT = 60

interface NewSessionDialogProps {
  /** At least one. */
  readonly applications: readonly PageApplication[]
  readonly onClose: () => void
  readonly onStarted: (session: PageSession) => void
}

/** What to start, under which name, and which integrations it may use. */
export function NewSessionDialog({ applications, onClose, onStarted }: NewSessionDialogProps) {
  const [section, setSection] = useState(applications[0]?.section)
  const chosen = applications.find((each) => each.section === section) ?? applications[0]
  const [name, setName] = useState('')
  // Undefined: as its kind has it.
  const [limit, setLimit] = useState<Limit>()
  const start = useMutation({
    mutationFn: api.startSession,
    onSuccess: async (session) => {
      await lookAgain('sessions')
      onStarted(session)
    },
  })
  if (!chosen) return null
  const { limitedTo } = limit ?? chosen
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (start.isPending) return
    start.mutate({ application: chosen.section, name: name.trim(), ...(limitedTo ? { limitedTo } : {}) })
  }
  return (
    <ModalDialog title="New session" open width="narrow" onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <ApplicationChoice applications={applications} chosen={chosen} onChoose={setSection} />
        <label className="field">
          <span className="field-label">Name</span>
          <input
            className="input"
            value={name}
            maxLength={NAME_LIMIT}
            placeholder={chosen.name}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <IntegrationChoice limitedTo={limitedTo} onChange={(ids) => setLimit(ids ? { limitedTo: ids } : {})} />
        <ErrorLine error={start.error} />
        <footer className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={start.isPending}>
            Start
          </Button>
        </footer>
      </form>
    </ModalDialog>
  )
}

/** Integration IDs; absent: all. */
type Limit = { readonly limitedTo?: readonly string[] }

function ApplicationChoice(props: {
  readonly applications: readonly PageApplication[]
  readonly chosen: PageApplication
  readonly onChoose: (section: string) => void
}) {
  return (
    <fieldset className="choice">
      <legend className="field-label">Kind</legend>
      <div className="choice-tiles">
        {props.applications.map(({ section, name, icon }) => (
          <label key={section} className="choice-tile">
            <input
              type="radio"
              name="application"
              value={section}
              checked={section === props.chosen.section}
              onChange={() => props.onChoose(section)}
            />
            <KindTile icon={icon} kind={name} />
            <span className="choice-name">{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function IntegrationChoice({
  limitedTo,
  onChange,
}: {
  readonly limitedTo: readonly string[] | undefined
  readonly onChange: (ids: readonly string[] | undefined) => void
}) {
  const { data, error } = useQuery(integrationsQuery)
  const toggle = (uid: string, isTicked: boolean): void => {
    const others = (limitedTo ?? []).filter((each) => each !== uid)
    onChange(isTicked ? [...others, uid] : others)
  }
  return (
    <fieldset className="choice">
      <legend className="field-label">Its code may use</legend>
      <label className="check">
        <input type="radio" name="limit" checked={limitedTo === undefined} onChange={() => onChange(undefined)} />
        <span>Every integration you are signed in to</span>
      </label>
      <label className="check">
        <input type="radio" name="limit" checked={limitedTo !== undefined} onChange={() => onChange([])} />
        <span>Only those ticked here</span>
      </label>
      {limitedTo === undefined ? null : (
        <div className="choice-list">
          {data?.integrations.map(({ uid, name }) => (
            <label key={uid} className="check">
              <input type="checkbox" checked={limitedTo.includes(uid)} onChange={(event) => toggle(uid, event.target.checked)} />
              <span>{name}</span>
            </label>
          ))}
          {data?.integrations.length === 0 ? <p className="secondary">There are no integrations yet.</p> : null}
          {data && limitedTo.length === 0 ? <p className="secondary">None is ticked: its code gets no tokens.</p> : null}
          {data || error ? null : <SkeletonLines lines={3} />}
          <ErrorLine error={error} />
        </div>
      )}
    </fieldset>
  )
}
