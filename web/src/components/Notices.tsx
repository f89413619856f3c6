import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState } from 'react'

/** How long "Copied" stands. */
const COPIED_MS = 2000

interface NoticesValue {
  /** Shows the one toast there is. */
  readonly copied: () => void
  /** Tells readers who do not see the page what changed on it. */
  readonly announce: (text: string) => void
}

const NoticesContext = createContext<NoticesValue>({ copied: () => undefined, announce: () => undefined })

/** The page's spoken and shown notices. */
export const useNotices = (): NoticesValue => use(NoticesContext)

/** Holds the two live regions: the toast "Copied", and announcements without a shape. */
export function Notices({ children }: { readonly children: ReactNode }) {
  const [isCopied, setCopied] = useState(false)
  const [announcement, setAnnouncement] = useState('')
  const timer = useRef<number>(undefined)
  useEffect(() => () => window.clearTimeout(timer.current), [])
  const value = useMemo<NoticesValue>(
    () => ({
      copied: () => {
        window.clearTimeout(timer.current)
        setCopied(true)
        timer.current = window.setTimeout(() => setCopied(false), COPIED_MS)
      },
      announce: setAnnouncement,
    }),
    [],
  )
  return (
    <NoticesContext value={value}>
      {children}
      <div className="toast-place" role="status" aria-live="polite">
        {isCopied ? <span className="toast">Copied</span> : null}
      </div>
      <div className="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
    </NoticesContext>
  )
}
