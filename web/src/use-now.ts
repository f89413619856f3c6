import { useEffect, useState } from 'react'

/** The time of this machine, renewed every `everyMs` milliseconds while the component stands; not at all when undefined. */
export function useNow(everyMs: number | undefined): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    if (everyMs === undefined) return
    setNow(new Date())
    const timer = window.setInterval(() => setNow(new Date()), everyMs)
    return () => window.clearInterval(timer)
  }, [everyMs])
  return now
}
