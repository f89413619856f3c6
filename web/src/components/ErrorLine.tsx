import { sentenceOf } from '../errors.ts'
import { Octagon } from './StateMark.tsx'
import { TimeText } from './TimeText.tsx'

/** What went wrong, as a sentence that stays until the next try. Nothing without an error. */
export function ErrorLine({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  return (
    <p role="alert" className="error-line">
      <Octagon />
      <span>
        <TimeText text={sentenceOf(error)} />
      </span>
    </p>
  )
}
