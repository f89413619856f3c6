import { useKeptFocus } from './use-kept-focus.ts'

/** What a step asks for. */
export function StepHeading({ words }: { readonly words: string }) {
  const heading = useKeptFocus()
  return (
    <h3 ref={heading} tabIndex={-1}>
      {words}
    </h3>
  )
}
