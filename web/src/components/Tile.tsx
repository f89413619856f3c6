import { monogramOf } from '../words.ts'

/** A 32 px tile with an integration's picture, else with its initials. */
export function Tile({ name, icon }: { readonly name: string; readonly icon: string | undefined }) {
  return icon === undefined ? (
    <span className="tile" aria-hidden="true">
      {monogramOf(name)}
    </span>
  ) : (
    <img className="tile tile-picture" src={icon} alt="" width={32} height={32} />
  )
}
