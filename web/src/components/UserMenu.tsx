import { useMutation } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { useLocation } from 'wouter'
import { api, fromBase } from '../api.ts'
import { pagePaths } from '../paths.ts'
import { ErrorLine } from './ErrorLine.tsx'
import { PopoverMenu } from './PopoverMenu.tsx'

/** The user name, which opens the menu **Settings**, for administrators **Administration**, **Log out**. */
export function UserMenu({ userName, isAdmin }: { readonly userName: string; readonly isAdmin: boolean }) {
  const [, navigate] = useLocation()
  const logOut = useMutation({
    mutationFn: api.logOut,
    // A new document: nothing that was read while logged in stays in memory.
    onSuccess: () => location.assign(fromBase(pagePaths.login)),
  })
  const items = [
    { label: 'Settings', onChoose: () => navigate(pagePaths.managedCredentials) },
    ...(isAdmin ? [{ label: 'Administration', onChoose: () => navigate(pagePaths.admin) }] : []),
    { label: 'Log out', onChoose: () => logOut.mutate() },
  ]
  return (
    <div className="user">
      <ErrorLine error={logOut.error} />
      <PopoverMenu menuLabel={userName} items={items} place="corner" className="button button-quiet user-button">
        <span className="user-name">{userName}</span>
        <ChevronDown size={16} />
      </PopoverMenu>
    </div>
  )
}
