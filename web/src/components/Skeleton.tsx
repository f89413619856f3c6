/** Nothing for 300 ms (in the style sheet), then grey lines of the rows' height. */
export function SkeletonRows({ rows }: { readonly rows: number }) {
  return (
    <div className="list skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike.
        <div className="skeleton-row" key={index}>
          <span className="skeleton-tile" />
          <span className="skeleton-line" />
        </div>
      ))}
    </div>
  )
}

/** The same for text: grey lines of the height of `lines` lines. */
export function SkeletonLines({ lines }: { readonly lines: number }) {
  return (
    <div className="skeleton skeleton-lines" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike.
        <span className="skeleton-line" key={index} />
      ))}
    </div>
  )
}
