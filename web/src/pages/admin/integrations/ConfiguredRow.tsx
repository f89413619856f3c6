import type { PageConfiguredIntegration } from '@benchkey/sdk/configuration-pages'
import { Minus, Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { RowMenu } from '../../../components/RowMenu.tsx'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { TimeText } from '../../../components/TimeText.tsx'
import { pagePaths } from '../../../paths.ts'
import { peopleWords } from '../../../section-edits.ts'
import { plainTextOf } from '../../../times.ts'
import { useTint } from '../../../use-tint.ts'
import { RemoveDialog, useSectionAct } from './SectionActs.tsx'
import { TEST_ON_ARRIVAL } from './TestPanel.tsx'

const CHANGES = {
  added: { word: 'Added', icon: <Plus size={16} className="mark" aria-hidden="true" /> },
  changed: { word: 'Changed', icon: <Pencil size={16} className="mark" aria-hidden="true" /> },
  removed: { word: 'Removed', icon: <Minus size={16} className="mark" aria-hidden="true" /> },
} as const

interface ConfiguredRowProps {
  readonly integration: PageConfiguredIntegration
  readonly isReadOnly: boolean
}

/** One section of the file: tile, name, what it is, how it is, and what can be done. */
export function ConfiguredRow({ integration, isReadOnly }: ConfiguredRowProps) {
  const { section, name, preset, host, people, mark, change } = integration
  const [isRemoving, setRemoving] = useState(false)
  const { act, isPending, error } = useSectionAct(section)
  const tint = useTint({
    said: `${name}: ${plainTextOf(mark.label, new Date())}`,
    signature: JSON.stringify([mark.label, change]),
    isBeingChanged: isPending || isRemoving,
  })
  return (
    <li className="row configured-row" data-section={section} {...tint}>
      <Tile name={name} icon={undefined} />
      <div className="row-name">
        <h3>
          <Link href={pagePaths.adminIntegration(section)}>{name}</Link>
        </h3>
        <p className="secondary">{[section, preset, host].filter((part) => part !== undefined && part !== name).join(' · ')}</p>
      </div>
      <div className="row-state">
        <StateMark shape={shapeOf({ state: '', tone: mark.tone })} tone={mark.tone} label={mark.label} />
        <p className="secondary row-account">{peopleWords(people)}</p>
      </div>
      <div className="row-change">{change === undefined ? null : <ChangeMark change={change} />}</div>
      <div className="row-actions">
        <RowButtons
          integration={integration}
          isReadOnly={isReadOnly}
          isPending={isPending}
          onAct={act}
          onRemove={() => setRemoving(true)}
        />
      </div>
      <div className="row-below">
        {mark.explanation === undefined ? null : (
          <p className={`explanation explanation-${mark.tone}`}>
            <span>
              <TimeText text={mark.explanation} />
            </span>
          </p>
        )}
        <ErrorLine error={error} />
      </div>
      {isRemoving ? <RemoveDialog integration={integration} onClose={() => setRemoving(false)} /> : null}
    </li>
  )
}

function ChangeMark({ change }: { readonly change: keyof typeof CHANGES }) {
  return (
    <span className="change-mark">
      {CHANGES[change].icon}
      <span>{CHANGES[change].word}</span>
    </span>
  )
}

interface RowButtonsProps extends ConfiguredRowProps {
  readonly isPending: boolean
  readonly onAct: (act: 'undo' | 'enable' | 'disable') => void
  readonly onRemove: () => void
}

function RowButtons({ integration, isReadOnly, isPending, onAct, onRemove }: RowButtonsProps) {
  const [, navigate] = useLocation()
  const { section, name, change, isDisabled } = integration
  if (change === 'removed') {
    return (
      <Button className="row-button" aria-label={`Undo the removal of ${name}`} busy={isPending} onClick={() => onAct('undo')}>
        Undo
      </Button>
    )
  }
  const path = pagePaths.adminIntegration(section)
  const test = { label: 'Test', onChoose: () => navigate(path, { state: TEST_ON_ARRIVAL }) }
  const acts = [
    { label: isDisabled ? 'Enable' : 'Disable', onChoose: () => onAct(isDisabled ? 'enable' : 'disable') },
    ...(change === undefined ? [] : [{ label: 'Undo changes', onChoose: () => onAct('undo') }]),
    { label: 'Remove', onChoose: onRemove },
  ]
  return (
    <>
      <Link href={path} className="button button-plain row-button" aria-label={`${isReadOnly ? 'Open' : 'Edit'} ${name}`}>
        {isReadOnly ? 'Open' : 'Edit'}
      </Link>
      <RowMenu label={`More about ${name}`} items={isReadOnly ? [test] : [test, ...acts]} />
    </>
  )
}
