/** Which part of a list is looked at. */
export interface ListQuery {
  /** Words that all have to occur in a row, in any case. */
  readonly filter?: string
  /** `next` of the page before. */
  readonly after?: string
}

/** One page of a list. */
export interface ListPage<Row> {
  readonly rows: readonly Row[]
  /** Rows of the whole list. */
  readonly total: number
  /** Of them, those that match. */
  readonly found: number
  /** `after` of the following page; absent: there is none. */
  readonly next?: string
}

/** How the rows of a list are told apart and found. */
interface RowWords<Row> {
  /** In the order of which the list is; of one row alone. */
  readonly keyOf: (row: Row) => string
  readonly textsOf: (row: Row) => readonly (string | undefined)[]
  /** Default: the smallest key first. */
  readonly isNewestFirst?: boolean
}

/** Rows on one page. */
const PAGE_ROWS = 100

/** One page of the rows that match. It goes on behind a key and not behind a number of rows, so that none is left out while others come and go. */
export function pageOf<Row>(rows: readonly Row[], { filter = '', after }: ListQuery, words: RowWords<Row>): ListPage<Row> {
  const { keyOf, textsOf, isNewestFirst = false } = words
  const wanted = filter.toLowerCase().split(/\s+/)
  const direction = isNewestFirst ? -1 : 1
  const found = rows
    .filter((row) => {
      const texts = textsOf(row).join('\n').toLowerCase()
      return wanted.every((word) => texts.includes(word))
    })
    .map((row) => ({ row, key: keyOf(row) }))
    .toSorted((a, b) => direction * compare(a.key, b.key))
  const behind = after === undefined ? found : found.filter(({ key }) => direction * compare(key, after) > 0)
  const page = behind.slice(0, PAGE_ROWS)
  const last = behind.length > page.length ? page.at(-1)?.key : undefined
  return {
    ...{ rows: page.map(({ row }) => row), total: rows.length, found: found.length },
    ...(last === undefined ? {} : { next: last }),
  }
}

/** By code unit: the same on every database, and as keys of addresses are compared. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
