import { useEffect } from 'react'
import { api, fromBase, leaveForLogin } from './api.ts'
import { apiPaths } from './paths.ts'
import { lookAgain, lookAgainAtAll, meQuery, queryClient } from './queries.ts'

/** Pause before a refused event stream is asked for again; dropped ones the browser reopens itself. */
const REOPEN_MS = 5000

/**
 * Keeps the page current by the server's event stream, only while the tab is visible: over HTTP/1.1 a browser has six
 * connections per host. What happened meanwhile is asked for once at every opening.
 */
export function useLive(): void {
  useEffect(() => {
    let stream: EventSource | undefined
    let reopen: number | undefined

    const close = (): void => {
      window.clearTimeout(reopen)
      stream?.close()
      stream = undefined
    }
    const open = (): void => {
      close()
      stream = new EventSource(fromBase(apiPaths.events))
      // At the first opening, too: what changed after the page had asked and before the stream was heard would stand there until the
      // next change.
      stream.addEventListener('open', () => void lookAgainAtAll())
      stream.addEventListener('integrations', () => void lookAgain('integrations'))
      stream.addEventListener('sessions', () => void lookAgain('sessions'))
      stream.addEventListener('rights', () => void queryClient.invalidateQueries({ queryKey: meQuery.queryKey }))
      stream.addEventListener('logged_out', () => {
        close()
        leaveOrReopen().catch(leaveForLogin)
      })
      stream.addEventListener('error', () => {
        if (stream?.readyState !== EventSource.CLOSED) return
        // A refused stream tells no status; asking who is logged in leads to the login page when nobody is.
        void queryClient.invalidateQueries({ queryKey: meQuery.queryKey })
        reopen = window.setTimeout(open, REOPEN_MS)
      })
    }
    // A login that was confirmed goes on under another cookie: a stream that was opened with the old one has ended all the same.
    const leaveOrReopen = async (): Promise<void> => ((await api.isLoggedIn()) ? follow() : leaveForLogin())
    const follow = (): void => (document.visibilityState === 'visible' ? open() : close())

    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      close()
    }
  }, [])
}
