import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useRef } from 'react'
import { lookAgainAsAdmin } from '../../../admin-api.ts'
import { Button } from '../../../components/Button.tsx'
import { useConfirmedLogin } from '../../../components/ConfirmLogin.tsx'
import { ErrorLine } from '../../../components/ErrorLine.tsx'
import { ModalDialog } from '../../../components/ModalDialog.tsx'

/** An act on somebody, as it is asked about. */
export interface AdminAct {
  readonly title: string
  /** What is lost, or what happens. */
  readonly words: ReactNode
  /** The word on the button that does it. */
  readonly act: string
  /** `plain` where nothing is lost. */
  readonly look?: 'danger' | 'primary'
  readonly run: () => Promise<unknown>
}

/** Sure? Asks for the password where the server wants it, and closes when it is done. */
export function AdminDialog({ act, onClose }: { readonly act: AdminAct; readonly onClose: () => void }) {
  const cancel = useRef<HTMLButtonElement>(null)
  const confirmed = useConfirmedLogin()
  const acting = useMutation({
    mutationFn: () => confirmed.run(act.run),
    onSuccess: async () => {
      await lookAgainAsAdmin()
      onClose()
    },
  })
  return (
    <ModalDialog title={act.title} open width="narrow" onClose={onClose} initialFocus={cancel} description={act.words}>
      <ErrorLine error={acting.error} />
      <footer className="dialog-actions">
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button look={act.look ?? 'danger'} busy={acting.isPending} onClick={() => acting.mutate()}>
          {act.act}
        </Button>
      </footer>
      {confirmed.dialog}
    </ModalDialog>
  )
}
