import { plainAccount } from './account-name.ts'

/** The first that is there names the account (providers.md, `account-url`). */
const CLAIMS = ['email', 'preferred_username', 'name']

/**
 * The account an id token names, for display only: it came straight from the token endpoint over TLS, and nothing is decided by
 * it, so its signature is not verified (OpenID Connect Core §3.1.3.7 no. 6). Undefined when it names none.
 */
export function accountOf(idToken: string, secrets: readonly string[]): string | undefined {
  const claims = claimsOf(idToken)
  for (const name of CLAIMS) {
    const value = claims.get(name)
    const account = typeof value === 'string' ? plainAccount(value, secrets) : undefined
    if (account !== undefined) return account
  }
  return undefined
}

function claimsOf(idToken: string): ReadonlyMap<string, unknown> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return new Map(typeof payload === 'object' && payload !== null ? Object.entries(payload) : [])
  } catch {
    // Not JSON: it names no account, and the tokens are good all the same.
    return new Map()
  }
}
