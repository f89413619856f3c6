import { useEffect } from 'react'
import { pageData } from './page-data.ts'

/** Names the browser's tab: "Settings · Benchkey at Example". */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${pageData.serverName}`
  }, [title])
}
