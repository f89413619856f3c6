/** First letters of the first two words: "Box API Access" → "BA". */
export function monogramOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const letters = words.slice(0, 2).map((word) => Array.from(word)[0] ?? '')
  return letters.join('').toUpperCase() || '·'
}

/** A 32 px tile with an integration's initials. */
export function MonogramTile({ name }: { readonly name: string }) {
  return (
    <span className="tile" aria-hidden="true">
      {monogramOf(name)}
    </span>
  )
}
