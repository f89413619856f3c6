import type { PageSession } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { api } from '../api.ts'
import { lookAgain } from '../queries.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { ModalDialog } from './ModalDialog.tsx'

interface EndSessionDialogProps {
  readonly session: Pick<PageSession, 'id' | 'name'>
  /** What is lost. */
  readonly words: string
  readonly onClose: () => void
}

/** Sure? Names what is lost. */
export function EndSessionDialog({ session, words, onClose }: EndSessionDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  const end = useMutation({
    mutationFn: () => api.endSession(session.id),
    onSuccess: async () => {
      await lookAgain('sessions')
      onClose()
    },
  })
  return (
    <ModalDialog title={`End ${session.name}?`} open width="narrow" onClose={onClose} initialFocus={cancel} description={words}>
      <ErrorLine error={end.error} />
      <footer className="dialog-actions">
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button look="danger" busy={end.isPending} onClick={() => end.mutate()}>
          End
        </Button>
      </footer>
    </ModalDialog>
  )
}
