import type { ComponentProps } from 'react'

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger'
  /** Waiting for an answer: dimmed, deaf, same width. */
  readonly busy?: boolean
}

/** A button with words. */
export function Button({ look = 'plain', busy = false, className, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${look}${className ? ` ${className}` : ''}`}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    />
  )
}
