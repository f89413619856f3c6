import type { PageIntegrationDetails } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { api } from '../api.ts'
import { lookAgain } from '../queries.ts'
import { signOutWords } from '../words.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { ModalDialog } from './ModalDialog.tsx'

/** Sure? Names what is lost. */
export function SignOutDialog({
  integration,
  onClose,
}: {
  readonly integration: PageIntegrationDetails
  readonly onClose: () => void
}) {
  const cancel = useRef<HTMLButtonElement>(null)
  const signOut = useMutation({
    mutationFn: () => api.signOut(integration.uid),
    onSuccess: async () => {
      await lookAgain()
      onClose()
    },
  })
  return (
    <ModalDialog
      title={`Sign out of ${integration.name}?`}
      open
      width="narrow"
      onClose={onClose}
      initialFocus={cancel}
      description={signOutWords(integration.runningSessions)}
    >
      <ErrorLine error={signOut.error} />
      <footer className="dialog-actions">
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button look="danger" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </footer>
    </ModalDialog>
  )
}
