import { useMutation } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { api, fromBase } from '../api.ts'
import { pagePaths } from '../paths.ts'
import { ErrorLine } from './ErrorLine.tsx'

const MENU_ID = 'user-menu'

/** The user name, which opens the menu **Settings**, **Log out**: the browser's own popover, so Esc and a press outside close it. */
export function UserMenu({ userName }: { readonly userName: string }) {
  const [, navigate] = useLocation()
  const menu = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const logOut = useMutation({
    mutationFn: api.logOut,
    // A new document: nothing that was read while logged in stays in memory.
    onSuccess: () => location.assign(fromBase(pagePaths.login)),
  })
  const act = (action: () => void) => () => {
    menu.current?.hidePopover()
    action()
  }
  return (
    <div className="user">
      <ErrorLine error={logOut.error} />
      <button
        type="button"
        className="button button-quiet user-button"
        popoverTarget={MENU_ID}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return
          event.preventDefault()
          menu.current?.showPopover()
        }}
      >
        <span className="user-name">{userName}</span>
        <ChevronDown size={16} />
      </button>
      <div
        ref={menu}
        id={MENU_ID}
        popover="auto"
        role="menu"
        aria-label={userName}
        className="menu"
        tabIndex={-1}
        onToggle={(event) => {
          const opened = event.newState === 'open'
          setOpen(opened)
          if (opened) itemsOf(event.currentTarget)[0]?.focus()
        }}
        onKeyDown={moveInMenu}
      >
        <button
          type="button"
          role="menuitem"
          tabIndex={-1}
          className="menu-item"
          onClick={act(() => navigate(pagePaths.managedCredentials))}
        >
          Settings
        </button>
        <button type="button" role="menuitem" tabIndex={-1} className="menu-item" onClick={act(() => logOut.mutate())}>
          Log out
        </button>
      </div>
    </div>
  )
}

const itemsOf = (menu: HTMLElement): HTMLElement[] => Array.from(menu.querySelectorAll<HTMLElement>('[role="menuitem"]'))

/** Arrows, Home and End move; Tab closes. WAI-ARIA Authoring Practices, *Menu Button*. */
function moveInMenu(event: KeyboardEvent<HTMLElement>): void {
  const items = itemsOf(event.currentTarget)
  const focused = document.activeElement
  const at = focused instanceof HTMLElement ? items.indexOf(focused) : -1
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }
  const target = targets[event.key]
  if (target !== undefined) {
    event.preventDefault()
    items[target]?.focus()
  } else if (event.key === 'Tab') event.currentTarget.hidePopover()
}
