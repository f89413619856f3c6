import type { PageMark } from '@benchkey/sdk/admin-pages'
import { TimeText } from '../../../components/TimeText.tsx'

/** Under a row: the sentence of its mark, where it has one. */
export function MarkExplanation({ mark: { explanation } }: { readonly mark: PageMark }) {
  return (
    <div className="row-below">
      {explanation === undefined ? null : (
        <p className="secondary">
          <TimeText text={explanation} />
        </p>
      )}
    </div>
  )
}
