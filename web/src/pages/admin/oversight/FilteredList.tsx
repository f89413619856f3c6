import type { PageOfList } from '@benchkey/sdk/admin-pages'
import type { ReactNode } from 'react'
import { Button } from '../../../components/Button.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { foundWords } from '../../../oversight-words.ts'
import type { ListAddress } from './use-list-address.ts'

interface FilteredListProps {
  readonly address: ListAddress
  readonly page: PageOfList
  /** What is listed: `user`, `session`. */
  readonly noun: string
  /** Words of the buttons to the first and the next page. */
  readonly first: string
  readonly following: string
  readonly children: ReactNode
}

/** A list that the server filters and sends by page: the filter, how many match, the rows, the buttons to other pages. */
export function FilteredList({ address, page, noun, first, following, children }: FilteredListProps) {
  const { filter, setFilter, field, after, goTo, asked } = address
  return (
    <>
      <div className="filter-line">
        <FilterField ref={field} value={filter} onChange={setFilter} />
        <p className="secondary" role="status">
          {foundWords(page, noun)}
        </p>
      </div>
      {page.found === 0 ? (
        <p className="no-match">
          No {noun} matches “{asked}”.
        </p>
      ) : (
        children
      )}
      <div className="button-line">
        {after === undefined ? null : <Button onClick={() => goTo(undefined)}>{first}</Button>}
        {page.next === undefined ? null : <Button onClick={() => goTo(page.next)}>{following}</Button>}
      </div>
    </>
  )
}
