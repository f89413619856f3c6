import type { PageSignInStart } from '@benchkey/sdk/pages'
import { useMutation } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from './api.ts'
import { lookAgain } from './queries.ts'

/**
 * Starting a sign-in: `start()` leads this tab to the service; `error` is what kept it from that. `anotherAccount`: the service is asked
 * to ask which one.
 */
export function useSignIn(uid: string, returnTo: PageSignInStart['returnTo'], { anotherAccount = false } = {}) {
  const start: PageSignInStart = { returnTo, ...(anotherAccount ? { anotherAccount } : {}) }
  const { mutate, isPending, error, reset } = useMutation({ mutationFn: () => api.signIn(uid, start) })
  useEffect(() => {
    // The Back button on the service's page may bring this page back as it was when left.
    const onReturn = (event: PageTransitionEvent): void => {
      if (!event.persisted) return
      reset()
      void lookAgain()
    }
    window.addEventListener('pageshow', onReturn)
    return () => window.removeEventListener('pageshow', onReturn)
  }, [reset])
  return { start: () => mutate(), isStarting: isPending, error }
}
