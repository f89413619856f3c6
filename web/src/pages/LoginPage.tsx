import { useMutation, useQuery } from '@tanstack/react-query'
import { type SyntheticEvent, useRef } from 'react'
import { Redirect, useSearchParams } from 'wouter'
import { api } from '../api.ts'
import { Button } from '../components/Button.tsx'
import { ErrorLine } from '../components/ErrorLine.tsx'
import { pageData } from '../page-data.ts'
import { allowedNext, pagePaths, sectionOf } from '../paths.ts'
import { queryClient } from '../queries.ts'
import { usePageTitle } from '../use-page-title.ts'
import { loginPurpose } from '../words.ts'

/** Who are you? After a deep link it says what the login is for. */
export function LoginPage() {
  usePageTitle('Log in')
  const next = allowedNext(useSearchParams()[0].get('next'))
  const section = next === undefined ? undefined : sectionOf(next)
  const passwordField = useRef<HTMLInputElement>(null)
  const loggedIn = useQuery({ queryKey: ['logged-in'], queryFn: api.isLoggedIn, retry: false, staleTime: 0, gcTime: 0 })
  const logIn = useMutation({
    mutationFn: api.logIn,
    onSuccess: () => queryClient.removeQueries(),
    onError: () => passwordField.current?.select(),
  })
  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault()
    if (logIn.isPending) return
    const form = new FormData(event.currentTarget)
    logIn.mutate({ userName: String(form.get('userName')), password: String(form.get('password')) })
  }

  if (logIn.isSuccess || loggedIn.data) return <Redirect to={next ?? pagePaths.home} replace />
  return (
    <main className="focus-page login-page">
      <h1>{pageData.serverName}</h1>
      {section === undefined ? null : <p className="login-purpose">{loginPurpose(section)}</p>}
      <form className="panel login-form" onSubmit={submit}>
        <label className="field">
          <span className="field-label">User name</span>
          <input name="userName" className="input" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
        </label>
        <label className="field">
          <span className="field-label">Password</span>
          <input ref={passwordField} name="password" className="input" type="password" autoComplete="current-password" required />
        </label>
        <ErrorLine error={logIn.error} />
        <Button type="submit" look="primary" busy={logIn.isPending} className="wide">
          Log in
        </Button>
      </form>
    </main>
  )
}
