import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'

interface ModalDialogProps {
  readonly title: string
  readonly open: boolean
  readonly onClose: () => void
  /** A wide one for facts, a narrow one for a question. */
  readonly width: 'wide' | 'narrow'
  readonly description?: ReactNode
  /** What stands right of the title, for dialogs that ask nothing. */
  readonly corner?: ReactNode
  readonly initialFocus?: RefObject<HTMLElement | null>
  readonly children: ReactNode
}

/** A dialog over the page: Esc and a press outside close it, focus goes in and back. */
export function ModalDialog({ title, open, onClose, width, description, corner, initialFocus, children }: ModalDialogProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Viewport className="dialog-viewport">
          <Dialog.Popup className={`dialog dialog-${width}`} initialFocus={initialFocus}>
            <header className="dialog-header">
              <Dialog.Title className="dialog-title">{title}</Dialog.Title>
              {corner}
            </header>
            {description === undefined ? null : (
              <Dialog.Description className="dialog-description">{description}</Dialog.Description>
            )}
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
