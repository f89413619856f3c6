import { useEffect, useRef, useState } from 'react'
import type { AroundNavHandler } from 'wouter'
import { pageData } from './page-data.ts'
import { withoutBase } from './paths.ts'

/** What looks at each way out of a page with something typed: true when it keeps the page, and `leave` is how it goes on later. */
type Guard = (to: string, leave: () => void) => boolean

let guard: Guard | undefined

/** The router's way to navigate: past the guard, where a page has set one. */
export const guardedNavigation: AroundNavHandler = (navigate, to, options) => {
  const leave = (): void => navigate(to, options)
  if (!guard?.(withoutBase(to, pageData.basePath), leave)) leave()
}

/** Whether leaving is being asked about, and the two answers. */
export interface LeaveQuestion {
  readonly isAsked: boolean
  readonly stay: () => void
  readonly leave: () => void
  /** Lets the next navigation pass: what was typed is saved. */
  readonly release: () => void
}

/**
 * Asks before something typed is lost: links, the menu and the Back button by `isAsked`, closing or reloading the tab by the browser's
 * own question. `keeps` tells paths on which nothing is lost; keep it stable.
 */
export function useLeaveQuestion(isDirty: boolean, keeps: (path: string) => boolean): LeaveQuestion {
  const [pending, setPending] = useState<() => void>()
  const isReleased = useRef(false)
  useEffect(() => {
    isReleased.current = false
    if (!isDirty) return
    const guards: Guard = (to, leave) => {
      if (isReleased.current || keeps(to.split(/[?#]/, 1)[0] ?? to)) return false
      setPending(() => leave)
      return true
    }
    const onUnload = (event: BeforeUnloadEvent): void => {
      if (!isReleased.current) event.preventDefault()
    }
    const stopWatching = watchBack(guards)
    guard = guards
    window.addEventListener('beforeunload', onUnload)
    return () => {
      guard = undefined
      stopWatching()
      window.removeEventListener('beforeunload', onUnload)
    }
  }, [isDirty, keeps])
  const release = (): void => {
    isReleased.current = true
  }
  const leave = (): void => {
    release()
    setPending(undefined)
    pending?.()
  }
  return { isAsked: pending !== undefined, stay: () => setPending(undefined), leave, release }
}

/** Back and Forward have moved the address already when they tell: it is put back before the router sees it, until it is decided. */
function watchBack(guards: Guard): () => void {
  let here = location.href
  const onMoved = (): void => {
    here = location.href
  }
  const onPop = (event: PopStateEvent): void => {
    const isKept = guards(withoutBase(location.pathname, pageData.basePath), () => history.back())
    if (!isKept) {
      onMoved()
      return
    }
    event.stopImmediatePropagation()
    history.pushState(null, '', here)
  }
  // The router tells of its own moves by events of these names.
  window.addEventListener('pushState', onMoved)
  window.addEventListener('replaceState', onMoved)
  window.addEventListener('popstate', onPop, { capture: true })
  return () => {
    window.removeEventListener('pushState', onMoved)
    window.removeEventListener('replaceState', onMoved)
    window.removeEventListener('popstate', onPop, { capture: true })
  }
}
