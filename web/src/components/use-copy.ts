import { useState } from 'react'
import { useNotices } from './Notices.tsx'

/** Copying a text: `refused` is true after the browser did not allow it. */
export function useCopy(text: string) {
  const { copied } = useNotices()
  const [refused, setRefused] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setRefused(false)
      copied()
    } catch {
      // Outside https, or forbidden by a policy of the browser.
      setRefused(true)
    }
  }
  return { copy: () => void copy(), refused }
}
