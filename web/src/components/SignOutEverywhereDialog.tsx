import type { PageEverywhere } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { api } from '../api.ts'
import { lookAgainAtAll } from '../queries.ts'
import { everywhereLosses } from '../session-words.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { ModalDialog } from './ModalDialog.tsx'

interface SignOutEverywhereDialogProps {
  readonly everywhere: PageEverywhere
  readonly onClose: () => void
  readonly onDone: (ended: PageEverywhere) => void
}

/** Sure? Names all that is lost. */
export function SignOutEverywhereDialog({ everywhere, onClose, onDone }: SignOutEverywhereDialogProps) {
  const cancel = useRef<HTMLButtonElement>(null)
  const signOut = useMutation({
    mutationFn: api.signOutEverywhere,
    onSuccess: async (ended) => {
      await lookAgainAtAll()
      onDone(ended)
    },
  })
  const losses = everywhereLosses(everywhere)
  return (
    <ModalDialog
      title="Sign out everywhere?"
      open
      width="narrow"
      onClose={onClose}
      initialFocus={cancel}
      description={
        losses.length === 0
          ? 'There is nothing to end: no session, no other browser, no sign-in.'
          : 'Your code gets no tokens until you sign in to the services again. You stay logged in here.'
      }
    >
      {losses.length === 0 ? null : (
        <ul className="losses">
          {losses.map((loss) => (
            <li key={loss}>{loss}</li>
          ))}
        </ul>
      )}
      <ErrorLine error={signOut.error} />
      <footer className="dialog-actions">
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button look="danger" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out everywhere
        </Button>
      </footer>
    </ModalDialog>
  )
}
