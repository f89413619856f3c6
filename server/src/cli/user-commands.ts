import type { CommandSpec } from './command.ts'

/** The commands about local accounts, for the help. */
export const USER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'user add',
    summary: 'Add a local account; asks for its password',
    ownsTerminal: true,
    positionals: ['NAME'],
    options: {
      admin: { type: 'boolean', help: 'an administrator' },
      'password-stdin': { type: 'boolean', help: 'read the password from the first line of stdin' },
    },
  },
  {
    name: 'user list',
    summary: 'List local accounts',
    positionals: [],
    options: { json: { type: 'boolean', help: 'print JSON' } },
  },
  {
    name: 'user show',
    summary: 'Show an account, its sessions and its stored sign-ins',
    positionals: ['NAME'],
    options: { json: { type: 'boolean', help: 'print JSON' } },
  },
  {
    name: 'user lock',
    summary: 'Lock an account: no log-in and no tokens until it is unlocked',
    ownsTerminal: true,
    positionals: ['NAME'],
    options: {},
  },
  {
    name: 'user unlock',
    summary: 'Unlock an account',
    positionals: ['NAME'],
    options: {},
  },
  {
    name: 'user role',
    summary: 'Make an account an administrator, or a user again',
    ownsTerminal: true,
    positionals: ['NAME', 'ROLE'],
    options: {},
  },
  {
    name: 'user remove',
    summary: 'Remove an account and its stored sign-ins',
    ownsTerminal: true,
    positionals: ['NAME'],
    options: {},
  },
]
