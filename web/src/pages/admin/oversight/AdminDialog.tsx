import type { ReactNode } from 'react'
import { lookAgainAsAdmin } from '../../../admin-api.ts'
import { useConfirmedLogin } from '../../../components/ConfirmLogin.tsx'
import { ActDialog } from '../ActDialog.tsx'

/** An act on somebody, as it is asked about. */
export interface AdminAct {
  readonly title: string
  /** What is lost, or what happens. */
  readonly words: ReactNode
  /** The word on the button that does it. */
  readonly act: string
  /** `primary` where nothing is lost. */
  readonly look?: 'danger' | 'primary'
  readonly run: () => Promise<unknown>
}

/** Sure? Asks for the password where the server wants it, and closes when it is done. */
export function AdminDialog({ act: { run, ...act }, onClose }: { readonly act: AdminAct; readonly onClose: () => void }) {
  const confirmed = useConfirmedLogin()
  const onAct = async (): Promise<void> => {
    await confirmed.run(run)
    await lookAgainAsAdmin()
  }
  return (
    <ActDialog {...act} onAct={onAct} onClose={onClose}>
      {confirmed.dialog}
    </ActDialog>
  )
}
