import { Ellipsis } from 'lucide-react'
import { type MenuItem, PopoverMenu } from './PopoverMenu.tsx'

/** What else can be done with a row, behind ⋯; nothing when that is nothing. */
export function RowMenu({ label, items }: { readonly label: string; readonly items: readonly MenuItem[] }) {
  if (items.length === 0) return null
  return (
    <PopoverMenu menuLabel={label} items={items} place="button" className="icon-button" aria-label={label} title={label}>
      <Ellipsis size={16} />
    </PopoverMenu>
  )
}
