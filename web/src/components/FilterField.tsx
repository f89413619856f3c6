import type { Ref } from 'react'

interface FilterFieldProps {
  readonly ref: Ref<HTMLInputElement>
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Narrows a list while one types; `/` comes here, Esc empties it. */
export function FilterField({ ref, value, onChange }: FilterFieldProps) {
  return (
    <label className="filter">
      <span className="visually-hidden">Filter</span>
      <input
        ref={ref}
        type="search"
        className="input"
        placeholder="Filter"
        aria-keyshortcuts="/"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (value === '') event.currentTarget.blur()
          else onChange('')
        }}
      />
    </label>
  )
}
