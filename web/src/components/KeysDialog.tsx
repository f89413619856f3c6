import { useState } from 'react'
import { keysAreOn, setKeysOn } from '../keys.ts'
import { Button } from './Button.tsx'
import { Fact, Facts } from './Facts.tsx'
import { ModalDialog } from './ModalDialog.tsx'

/** Lists the keys, and turns single keys off for those whose voice control or fingers type them by chance. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  const [isOn, setOn] = useState(keysAreOn)
  const toggle = (on: boolean): void => {
    setOn(on)
    setKeysOn(on)
  }
  return (
    <ModalDialog
      title="Keys"
      open
      width="narrow"
      onClose={onClose}
      corner={
        <Button look="quiet" onClick={onClose}>
          Close
        </Button>
      }
    >
      <Facts>
        <Fact name="Filter the list">
          <kbd>/</kbd>
        </Fact>
        <Fact name="Close a dialog, clear the filter">
          <kbd>Esc</kbd>
        </Fact>
        <Fact name="Show this list">
          <kbd>?</kbd>
        </Fact>
      </Facts>
      <label className="check">
        <input type="checkbox" checked={isOn} onChange={(event) => toggle(event.target.checked)} />
        <span>
          Use <kbd>/</kbd> and <kbd>?</kbd> on this browser
        </span>
      </label>
    </ModalDialog>
  )
}
