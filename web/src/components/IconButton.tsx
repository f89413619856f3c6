import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from 'react'

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** The accessible name. */
  readonly label: string
  /** What the tooltip says; the label when absent. */
  readonly tip?: string
  readonly icon: ReactNode
}

/** How long a pointer rests before the tooltip shows. */
const REST_MS = 400

/** A button without words (only Info and Copy have none): named, with a tooltip that Esc closes. */
export function IconButton({ label, tip = label, icon, ...rest }: IconButtonProps) {
  const [isOpen, setOpen] = useState(false)
  const timer = useRef<number>(undefined)
  const hide = (): void => {
    window.clearTimeout(timer.current)
    setOpen(false)
  }
  useEffect(() => () => window.clearTimeout(timer.current), [])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the tooltip only repeats the button's name for those who point.
    <span
      className="tip-place"
      onPointerEnter={(event) => {
        if (event.pointerType === 'mouse') timer.current = window.setTimeout(() => setOpen(true), REST_MS)
      }}
      onPointerLeave={hide}
      onPointerDown={hide}
      onFocus={(event) => setOpen(event.target.matches(':focus-visible'))}
      onBlur={hide}
      onKeyDown={(event) => (event.key === 'Escape' ? hide() : undefined)}
    >
      <button type="button" {...rest} aria-label={label} className="icon-button">
        {icon}
      </button>
      {isOpen ? (
        <span className="tip" aria-hidden="true">
          {tip}
        </span>
      ) : null}
    </span>
  )
}
