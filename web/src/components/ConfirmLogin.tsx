import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, type SyntheticEvent, useRef, useState } from 'react'
import { confirmLogin } from '../admin-api.ts'
import { ApiError } from '../errors.ts'
import { meQuery } from '../queries.ts'
import { Button } from './Button.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { ModalDialog } from './ModalDialog.tsx'

/** The open question for the password. */
interface Asked {
  /** In the server's words. */
  readonly why: string
  readonly onAnswered: (isConfirmed: boolean) => void
}

/** Acts that need a login of the last minutes, or one after what they bring into force. */
export interface ConfirmedLogin {
  /**
   * Does the act; where the server wants the password again, asks for it and does the act once more. Rejects as the act does, also
   * with that refusal when no password was typed.
   */
  readonly run: <T>(act: () => Promise<T>) => Promise<T>
  /** The dialog while it is open. Belongs inside the dialog that the act is started from, if there is one. */
  readonly dialog: ReactNode
}

const needsPassword = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 'recent_login_needed'

/** For `useMutation`: `mutationFn: () => confirmed.run(() => act())`, and `{confirmed.dialog}` on the page. */
export function useConfirmedLogin(): ConfirmedLogin {
  const [asked, setAsked] = useState<Asked>()
  const run = async <T,>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (refusal) {
      if (!needsPassword(refusal)) throw refusal
      const isConfirmed = await new Promise<boolean>((onAnswered) => setAsked({ why: refusal.message, onAnswered }))
      setAsked(undefined)
      if (!isConfirmed) throw refusal
      return act()
    }
  }
  return { run, dialog: asked ? <ConfirmLoginDialog {...asked} /> : null }
}

function ConfirmLoginDialog({ why, onAnswered }: Asked) {
  const { data: me } = useQuery(meQuery)
  const field = useRef<HTMLInputElement>(null)
  const confirm = useMutation({
    mutationFn: confirmLogin,
    onSuccess: () => onAnswered(true),
    onError: () => field.current?.select(),
  })
  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault()
    event.stopPropagation()
    if (confirm.isPending) return
    confirm.mutate({ password: String(new FormData(event.currentTarget).get('password')) })
  }
  return (
    <ModalDialog
      title="Type your password again"
      open
      width="narrow"
      onClose={() => onAnswered(false)}
      initialFocus={field}
      description={`You are logged in as ${me?.userName ?? 'an administrator'}. ${why}`}
    >
      <form className="dialog-form" onSubmit={submit}>
        {/* For password managers. */}
        <input name="userName" autoComplete="username" value={me?.userName ?? ''} readOnly hidden />
        <label className="field">
          <span className="field-label">Password</span>
          <input ref={field} name="password" className="input" type="password" autoComplete="current-password" required />
        </label>
        <ErrorLine error={confirm.error} />
        <footer className="dialog-actions">
          <Button onClick={() => onAnswered(false)}>Cancel</Button>
          <Button type="submit" look="primary" busy={confirm.isPending}>
            Continue
          </Button>
        </footer>
      </form>
    </ModalDialog>
  )
}
