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

/**
 * Back and Forward have moved the address already when they tell: it is put back before the router sees it, until it is decided. So this
 * has to listen before the router does: browsers call the listeners of a window in their order.
 */
export function guardBackButton(): void {
  let here = location.href
  const onMoved = (): void => {
    here = location.href
  }
  // The router tells of its own moves by events of these names.
  window.addEventListener('pushState', onMoved)
  window.addEventListener('replaceState', onMoved)
  window.addEventListener('popstate', (event) => {
    const isKept = guard?.(withoutBase(location.pathname, pageData.basePath), () => history.back()) ?? false
    if (isKept) {
      event.stopImmediatePropagation()
      history.pushState(null, '', here)
    } else onMoved()
  })
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
    guard = (to, leave) => {
      if (isReleased.current || keeps(to.split(/[?#]/, 1)[0] ?? to)) return false
      setPending(() => leave)
      return true
    }
    const onUnload = (event: BeforeUnloadEvent): void => {
      if (!isReleased.current) event.preventDefault()
    }
    window.addEventListener('beforeunload', onUnload)
    return () => {
      guard = undefined
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
