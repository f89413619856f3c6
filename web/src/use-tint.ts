import { useEffect, useRef, useState } from 'react'
import { useNotices } from './components/Notices.tsx'

interface Tinted {
  /** What readers who do not see the row are told of its change. */
  readonly said: string
  /** Differs when the row's state does. */
  readonly signature: string
  /** The user is changing it here, so its change is no news. */
  readonly isBeingChanged: boolean
}

/** A row whose state was changed from elsewhere while it stood here is tinted once; every change is read out. */
export function useTint({ said, signature, isBeingChanged }: Tinted) {
  const { announce } = useNotices()
  const before = useRef(signature)
  const [changed, setChanged] = useState(false)
  useEffect(() => {
    if (before.current === signature) return
    before.current = signature
    setChanged(!isBeingChanged)
    announce(said)
  }, [signature, said, announce, isBeingChanged])
  return { 'data-changed': changed || undefined, onAnimationEnd: () => setChanged(false) }
}
