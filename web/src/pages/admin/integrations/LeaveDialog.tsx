import { useRef } from 'react'
import { Button } from '../../../components/Button.tsx'
import { ModalDialog } from '../../../components/ModalDialog.tsx'
import type { LeaveQuestion } from '../../../leave-guard.ts'

/** Asks before what was typed is lost. */
export function LeaveDialog({ question, name }: { readonly question: LeaveQuestion; readonly name: string }) {
  const stay = useRef<HTMLButtonElement>(null)
  return (
    <ModalDialog
      title="Leave this page?"
      open={question.isAsked}
      width="narrow"
      onClose={question.stay}
      initialFocus={stay}
      description={`What you typed for ${name} is not saved and would be lost.`}
    >
      <footer className="dialog-actions">
        <Button ref={stay} onClick={question.stay}>
          Stay
        </Button>
        <Button look="danger" onClick={question.leave}>
          Leave
        </Button>
      </footer>
    </ModalDialog>
  )
}
