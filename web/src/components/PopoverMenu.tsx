import { type ComponentProps, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'

/** One act of a menu. */
export interface MenuItem {
  readonly label: string
  readonly onChoose: () => void
}

interface PopoverMenuProps extends Omit<ComponentProps<'button'>, 'popoverTarget'> {
  /** The accessible name of the menu. */
  readonly menuLabel: string
  readonly items: readonly MenuItem[]
  /** Where the style sheet puts it, or below its button (above, where there is no room). */
  readonly place: 'corner' | 'button'
}

/** Room between a button and its menu, and the highest an item gets, in pixels. */
const GAP_PX = 4
const ITEM_PX = 44

/** A button and its menu: the browser's own popover, so Esc and a press outside close it. */
export function PopoverMenu({ menuLabel, items, place, ...button }: PopoverMenuProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    if (!isOpen || place === 'corner') return
    // It stands where its button stood.
    const hide = (): void => menu.current?.hidePopover()
    window.addEventListener('scroll', hide, { passive: true, capture: true, once: true })
    window.addEventListener('resize', hide, { once: true })
    return () => {
      window.removeEventListener('scroll', hide, { capture: true })
      window.removeEventListener('resize', hide)
    }
  }, [isOpen, place])
  return (
    <>
      <button
        type="button"
        {...button}
        ref={trigger}
        popoverTarget={id}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return
          event.preventDefault()
          menu.current?.showPopover({ source: event.currentTarget })
        }}
      />
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={menuLabel}
        className="menu"
        tabIndex={-1}
        onBeforeToggle={(event) => {
          if (place === 'button' && event.newState === 'open') putBeside(event.currentTarget, trigger.current, items.length)
        }}
        onToggle={(event) => {
          const opened = event.newState === 'open'
          setOpen(opened)
          if (opened) itemsOf(event.currentTarget)[0]?.focus()
        }}
        onKeyDown={moveInMenu}
      >
        {items.map(({ label, onChoose }) => (
          <button
            key={label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className="menu-item"
            onClick={() => {
              menu.current?.hidePopover()
              onChoose()
            }}
          >
            {label}
          </button>
        ))}
      </div>
    </>
  )
}

/** Below the button, or above it where the window ends, with their right edges in line. */
function putBeside(menu: HTMLElement, button: HTMLElement | null, items: number): void {
  if (!button) return
  const { top, right, bottom } = button.getBoundingClientRect()
  const isRoomBelow = bottom + GAP_PX + (items + 1) * ITEM_PX <= innerHeight
  const { clientWidth, clientHeight } = document.documentElement
  menu.style.inset = isRoomBelow
    ? `${bottom + GAP_PX}px ${clientWidth - right}px auto auto`
    : `auto ${clientWidth - right}px ${clientHeight - top + GAP_PX}px auto`
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
