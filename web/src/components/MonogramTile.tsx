import { monogramOf } from '../words.ts'

/** A 32 px tile with an integration's initials. */
export function MonogramTile({ name }: { readonly name: string }) {
  return (
    <span className="tile" aria-hidden="true">
      {monogramOf(name)}
    </span>
  )
}
