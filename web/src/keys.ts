import { useEffect } from 'react'

const STORED = 'benchkey.keys'

/** Whether single keys act; WCAG 2.2 §2.1.4 wants a way to turn them off. Kept in this browser. */
export const keysAreOn = (): boolean => localStorage.getItem(STORED) !== 'off'

/** Turns single keys on or off. */
export function setKeysOn(on: boolean): void {
  if (on) localStorage.removeItem(STORED)
  else localStorage.setItem(STORED, 'off')
}

/** Lets single keys act while nobody types and no dialog is open. `actions` by `event.key`; keep it stable. */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const action = actions[event.key]
      if (!action || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !keysAreOn()) return
      const target = event.target
      if (
        target instanceof HTMLElement &&
        target.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"]')
      )
        return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [actions])
}
