import { NotebookText, Server, SquareChevronRight, SquareCode, SquareTerminal } from 'lucide-react'
import { monogramOf } from '../words.ts'

const ICONS: Readonly<Record<string, typeof Server>> = {
  code: SquareCode,
  notebook: NotebookText,
  terminal: SquareTerminal,
  command: SquareChevronRight,
  service: Server,
}

/** A 32 px tile with the icon of a kind of session; initials of the kind where there is no icon of its own. */
export function KindTile({ icon, kind }: { readonly icon: string; readonly kind: string }) {
  const Icon = ICONS[icon]
  return (
    <span className="tile" aria-hidden="true">
      {Icon ? <Icon size={16} /> : monogramOf(kind)}
    </span>
  )
}
