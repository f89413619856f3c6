import { useEffect, useState } from 'react'

/** A value after it has rested for so long, in milliseconds. */
export function useSettled<Value extends string>(value: Value, restMs: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), restMs)
    return () => window.clearTimeout(timer)
  }, [value, restMs])
  return settled
}
