import { type RefObject, useMemo, useRef } from 'react'
import { useSearchParams } from 'wouter'
import { useKeys } from '../../../keys.ts'

/** The filter of a list, which is part of the page's address; `/` comes to its field. */
export function useFilter(): {
  readonly filter: string
  readonly setFilter: (value: string) => void
  readonly field: RefObject<HTMLInputElement | null>
} {
  const [search, setSearch] = useSearchParams()
  const field = useRef<HTMLInputElement>(null)
  useKeys(useMemo(() => ({ '/': () => field.current?.focus() }), []))
  const setFilter = (value: string): void => {
    setSearch(
      (before) => {
        if (value === '') before.delete('filter')
        else before.set('filter', value)
        return before
      },
      { replace: true },
    )
  }
  return { filter: search.get('filter') ?? '', setFilter, field }
}
