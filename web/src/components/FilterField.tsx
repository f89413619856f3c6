import type { Ref } from 'react'

interface FilterFieldProps {
  readonly ref: Ref<HTMLInputElement>
  readonly value: string
  readonly onChange: (value: string) => void
  /** Default: *Filter*. */
  readonly label?: string
  /** Where the field stands in a form, which Enter would send. */
  readonly onEnter?: () => void
}

/** Narrows a list while one types; `/` comes here, Esc empties it. */
export function FilterField({ ref, value, onChange, label = 'Filter', onEnter }: FilterFieldProps) {
  return (
    <label className="filter">
      <span className="visually-hidden">{label}</span>
      <input
        ref={ref}
        type="search"
        className="input"
        placeholder={label}
        aria-keyshortcuts="/"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && onEnter) {
            event.preventDefault()
            onEnter()
          }
          if (event.key !== 'Escape') return
          if (value === '') event.currentTarget.blur()
          else onChange('')
        }}
      />
    </label>
  )
}
