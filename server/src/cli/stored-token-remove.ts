import type { AdminRemoved, AdminStoredTokens } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { CliError, EXIT, type Run, say } from './command.ts'
import { counted, oneLine } from './printing.ts'
import { storedTokenTable } from './stored-token-list.ts'
import { confirm } from './terminal.ts'

const WORDS = {
  revoke: { act: 'Revoke', done: 'Revoked', asked: 'Their tokens are deleted, and the services are asked to revoke them.' },
  purge: { act: 'Purge', done: 'Purged', asked: 'Their tokens are deleted, and stay good at the services until they end there.' },
} as const

/** `stored-token revoke`: deletes sign-ins and has their services revoke them; names those that no service can be asked about. */
export const runStoredTokenRevoke: Run = (call, context) => remove('revoke', call, context)

/** `stored-token purge`: deletes sign-ins and asks nobody. */
export const runStoredTokenPurge: Run = (call, context) => remove('purge', call, context)

async function remove(how: keyof typeof WORDS, { options }: Parameters<Run>[0], context: Parameters<Run>[1]): Promise<number> {
  const filter = {
    ...(typeof options.user === 'string' ? { user: options.user } : {}),
    ...(typeof options.integration === 'string' ? { integration: options.integration } : {}),
  }
  if (Object.keys(filter).length === 0) {
    throw new CliError('Say whose sign-ins, or at which integration.', {
      action: 'Give --user U, --integration NAME, or both.',
      exitCode: EXIT.usage,
    })
  }
  const client = adminClient(context.dataDir)
  const { storedTokens } = await client.call<AdminStoredTokens>('GET', `/stored-tokens?${new URLSearchParams(filter)}`)
  if (storedTokens.length === 0) {
    say(context, 'There is no such sign-in.')
    return EXIT.ok
  }
  const { act, done, asked } = WORDS[how]
  if (!options.yes) {
    if (context.input.isTTY) context.errors.write(`${storedTokenTable(storedTokens, 'with users')}\n`)
    const question = `${act} ${storedTokens.length === 1 ? 'this sign-in' : `these ${storedTokens.length} sign-ins`}? ${asked}`
    if (!(await confirm(context, question))) {
      say(context, 'Kept them.')
      return EXIT.failed
    }
  }
  const { removed, cannotRevoke } = await client.call<AdminRemoved>('POST', `/stored-tokens/${how}`, filter)
  say(context, `${done} ${counted(removed, 'sign-in')}.`)
  if (cannotRevoke.length === 0) return EXIT.ok
  const names = cannotRevoke.map(oneLine).join(', ')
  say(context, `Kept those to ${names}: no revocation URL is configured there.`, 'Delete them with: benchkey stored-token purge')
  return EXIT.failed
}
