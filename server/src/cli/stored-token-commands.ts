import type { CommandSpec, OptionSpec } from './command.ts'

/** Which of the stored sign-ins. */
const WHICH_SIGN_INS: Readonly<Record<string, OptionSpec>> = {
  user: { type: 'string', value: 'U', help: 'of this user only' },
  integration: { type: 'string', value: 'NAME', help: 'at this integration only: section, name or ID' },
}

/** The commands about stored sign-ins. */
export const STORED_TOKEN_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'stored-token list',
    summary: 'See stored sign-ins, never a value',
    positionals: [],
    options: { ...WHICH_SIGN_INS, json: { type: 'boolean', help: 'print JSON' } },
  },
  {
    name: 'stored-token revoke',
    summary: 'Delete stored sign-ins and ask their services to revoke them',
    positionals: [],
    options: WHICH_SIGN_INS,
  },
  {
    name: 'stored-token purge',
    summary: 'Delete stored sign-ins and ask nobody',
    positionals: [],
    options: WHICH_SIGN_INS,
  },
]
