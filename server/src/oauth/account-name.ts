import { withoutSecrets } from './provider-text.ts'

/** Characters; longer than any address or name that a person would know an account by. */
const ACCOUNT_LIMIT = 200

/**
 * The account that stands somewhere in what a service said, for display only: nothing is decided by it. Plain text or a number;
 * undefined for everything else, for what holds control or invisible characters, is too long, or repeats one of the secrets.
 */
export function plainAccount(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value))) return undefined
  const account = String(value).trim()
  if (account === '' || account.length > ACCOUNT_LIMIT || /[\p{C}\p{Zl}\p{Zp}]/u.test(account)) return undefined
  return withoutSecrets(account, secrets, '') === account ? account : undefined
}
