import { hash } from 'node:crypto'
import type { WrittenOptions } from './section-changes.ts'

/** The options that see a client secret or a token, or decide where one goes; the variables of a preset do, too. */
const WAY_OPTIONS: ReadonlySet<string> = new Set([
  ...['authorization-url', 'token-url', 'refresh-url', 'revocation-url', 'validate-url', 'account-url', 'git-hosts'],
  ...['issuer', 'proxy', 'ca-file', 'preset'],
])

/** The options of a client secret that can be typed on a page. */
export const TYPED_SECRETS: readonly string[] = ['client-secret', 'client-secret-next']

/** Stands for where the secrets of a section go by what is written in it. */
export function wayOf(options: WrittenOptions): string {
  const ways = [...options].filter(([name]) => WAY_OPTIONS.has(name) || name.startsWith('preset-'))
  return hash('sha256', JSON.stringify(ways.sort(([a], [b]) => (a < b ? -1 : 1))), 'hex')
}
