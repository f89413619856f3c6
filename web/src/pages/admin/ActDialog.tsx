import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useRef } from 'react'
import { Button } from '../../components/Button.tsx'
import { ErrorLine } from '../../components/ErrorLine.tsx'
import { ModalDialog } from '../../components/ModalDialog.tsx'

interface ActDialogProps {
  readonly title: string
  /** What is lost, or what happens. */
  readonly words: ReactNode
  /** The word on the button that does it. */
  readonly act: string
  /** Default: `danger`; `primary` where nothing is lost. */
  readonly look?: 'danger' | 'primary'
  readonly onAct: () => Promise<void>
  readonly onClose: () => void
  /** Dialogs that are opened from this one. */
  readonly children?: ReactNode
}

/** Sure? Names what is lost, and closes when it is done. */
export function ActDialog({ title, words, act, look = 'danger', onAct, onClose, children }: ActDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  const acting = useMutation({ mutationFn: onAct, onSuccess: onClose })
  return (
    <ModalDialog title={title} open width="narrow" onClose={onClose} initialFocus={cancel} description={words}>
      <ErrorLine error={acting.error} />
      <footer className="dialog-actions">
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button look={look} busy={acting.isPending} onClick={() => acting.mutate()}>
          {act}
        </Button>
      </footer>
      {children}
    </ModalDialog>
  )
}
