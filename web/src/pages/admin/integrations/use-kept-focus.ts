import { type RefObject, useEffect, useRef } from 'react'

/** For the heading of a new page or step: it takes the focus that went with what was pressed, so that reading goes on there. */
export function useKeptFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // The first page of a visit leaves the focus where the browser has it.
    if (document.activeElement === document.body && history.length > 1) heading.current?.focus({ preventScroll: true })
  }, [])
  return heading
}
