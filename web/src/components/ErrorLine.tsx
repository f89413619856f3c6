import { OctagonAlert } from 'lucide-react'
import { sentenceOf } from '../errors.ts'
import { TimeText } from './TimeText.tsx'

/** What went wrong, as a sentence that stays until the next try. Nothing without an error. */
export function ErrorLine({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  return (
    <p role="alert" className="error-line">
      <OctagonAlert size={16} className="mark" />
      <span>
        <TimeText text={sentenceOf(error)} />
      </span>
    </p>
  )
}
