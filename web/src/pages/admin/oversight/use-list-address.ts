import { type RefObject, useMemo, useRef } from 'react'
import { useSearchParams } from 'wouter'
import { useKeys } from '../../../keys.ts'
import { useSettled } from '../../../use-settled.ts'

/** What an address says of a list that the server filters and sends by page. */
export interface ListAddress {
  /** As typed. */
  readonly filter: string
  /** As the server is asked, once typing rests. */
  readonly asked: string
  readonly setFilter: (value: string) => void
  readonly field: RefObject<HTMLInputElement | null>
  /** Where the page begins; undefined: at the first row. */
  readonly after: string | undefined
  readonly goTo: (after: string | undefined) => void
  /** The query of the API. */
  readonly query: string
}

/** Typing rests so long before the server is asked, in milliseconds. */
const REST_MS = 150

/** Filter and page of a list, which are part of the page's address; `/` comes to the filter's field. */
export function useListAddress(): ListAddress {
  const [search, setSearch] = useSearchParams()
  const field = useRef<HTMLInputElement>(null)
  useKeys(useMemo(() => ({ '/': () => field.current?.focus() }), []))
  const put = (name: 'filter' | 'after', value: string, replace: boolean): void =>
    setSearch(
      (before) => {
        // Another filter begins at its first page.
        before.delete('after')
        if (value === '') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace },
    )
  const filter = search.get('filter') ?? ''
  const after = search.get('after') ?? undefined
  const asked = useSettled(filter, REST_MS).trim()
  const query = new URLSearchParams({ ...(asked === '' ? {} : { filter: asked }), ...(after === undefined ? {} : { after }) })
  return {
    ...{ filter, asked, field, after, query: query.toString() },
    setFilter: (value) => put('filter', value, true),
    goTo: (to) => put('after', to ?? '', false),
  }
}
