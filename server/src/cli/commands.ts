import type { CommandSpec, OptionSpec } from './command.ts'
import { STORED_TOKEN_COMMANDS } from './stored-token-commands.ts'
import { USER_COMMANDS } from './user-commands.ts'

const JSON_OPTION: OptionSpec = { type: 'boolean', help: 'print JSON' }

/** Options of every command, before or after its words. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  'config-dir': { type: 'string', value: 'DIR', help: 'folder of the configuration files (BENCHKEY_CONFIG_DIR)' },
  'data-dir': { type: 'string', value: 'DIR', help: 'folder of database, keys and admin socket (BENCHKEY_DATA_DIR)' },
  yes: { type: 'boolean', help: 'answer every question with yes' },
  help: { type: 'boolean', help: 'print this help' },
}

/** The groups of the help, with their commands in order. */
export const COMMAND_GROUPS: readonly { readonly title: string; readonly commands: readonly CommandSpec[] }[] = [
  {
    title: 'Use it (in any session)',
    commands: [
      {
        name: 'token',
        summary: 'Print an access token that is valid now',
        positionals: ['NAME'],
        options: {
          'min-ttl': { type: 'string', value: 'S', help: 'least remaining life, in seconds' },
          header: { type: 'boolean', help: 'print the whole Authorization header, for curl -H @-' },
          json: JSON_OPTION,
        },
      },
      {
        name: 'status',
        summary: 'Show who you are here and how your sign-ins are',
        positionals: ['[NAME…]'],
        options: { check: { type: 'boolean', help: 'exit with 4 if one of them needs a sign-in' }, json: JSON_OPTION },
      },
      {
        name: 'integrations',
        summary: 'List your integrations, their IDs and states',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'sign-in',
        summary: 'Sign in to an integration in the browser and wait for it',
        ownsTerminal: true,
        positionals: ['NAME'],
        options: { 'no-browser': { type: 'boolean', help: 'print the address only' } },
      },
      {
        name: 'sign-out',
        summary: 'Delete its stored tokens and revoke them at the service',
        ownsTerminal: true,
        positionals: ['NAME'],
        options: {},
      },
      {
        name: 'run',
        summary: 'Run a command with fresh tokens; VAR=@NAME gives a file that is kept fresh',
        positionals: ['VAR=NAME…'],
        takesCommand: true,
        options: {},
      },
      {
        name: 'git-credential',
        summary: "Answer Git's credential requests",
        positionals: ['[ACTION]'],
        options: { setup: { type: 'boolean', help: 'print the line for git config, one for each host' } },
      },
      {
        name: 'login',
        summary: 'Log this terminal in to a Benchkey server',
        ownsTerminal: true,
        positionals: ['[URL]'],
        options: {
          ca: { type: 'string', value: 'FILE', help: 'the certificate of its authority, when that is a private one' },
          'no-browser': { type: 'boolean', help: 'print the address only' },
        },
      },
      {
        name: 'logout',
        summary: "End this terminal's session",
        positionals: ['[URL]'],
        options: {},
      },
      {
        name: 'doctor',
        summary: 'Find out why this session gets no tokens',
        ownsTerminal: true,
        positionals: [],
        options: { json: JSON_OPTION },
      },
    ],
  },
  {
    title: 'Sessions',
    commands: [
      {
        name: 'session run',
        summary: 'Run a command in a session of its own',
        positionals: [],
        takesCommand: true,
        options: { user: { type: 'string', value: 'U', help: 'whose session; needed unless single-user=1' } },
      },
      {
        name: 'session env',
        summary: "Print this session's variables, or those of a new one of 12 h",
        positionals: [],
        options: {
          user: { type: 'string', value: 'U', help: 'open a session without a process for U (administrators)' },
          json: JSON_OPTION,
        },
      },
      {
        name: 'session list',
        summary: 'List running sessions',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'session end',
        summary: 'End a session: it gets no more tokens',
        positionals: ['ID'],
        options: {},
      },
      {
        name: 'ide install',
        summary: 'Install the VS Code server for sessions: ide install vscode',
        ownsTerminal: true,
        positionals: ['IDE'],
        options: { dir: { type: 'string', value: 'DIR', help: 'where to; sessions look in /opt/benchkey/ide and DATA-DIR/ide' } },
      },
    ],
  },
  {
    title: 'Set up and check (administrators)',
    commands: [
      {
        name: 'serve',
        summary: 'Run the server',
        ownsTerminal: true,
        positionals: [],
        options: {},
      },
      {
        name: 'session-helper',
        summary: 'Start sessions as their users, for a server that is not root',
        ownsTerminal: true,
        positionals: [],
        options: {
          server: { type: 'string', value: 'ACCOUNT', help: 'the account the server runs as, which alone may ask' },
          socket: { type: 'string', value: 'PATH', help: 'where it listens (/run/benchkey/helper.sock)' },
        },
      },
      {
        name: 'config check',
        summary: 'Check all configuration files',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'config import',
        summary: 'Take over a Workbench oauth-clients.conf, keeping its IDs',
        positionals: ['FILE'],
        options: {
          ids: { type: 'string', value: 'IDS', help: 'JSON list of the old integrations, from its Python client' },
          json: JSON_OPTION,
        },
      },
      {
        name: 'config history',
        summary: 'Show deployed versions; with a number, what it changed',
        positionals: ['[NUMBER…]'],
        options: { json: JSON_OPTION },
      },
      {
        name: 'config rollback',
        summary: 'Return to a deployed version, on all nodes',
        ownsTerminal: true,
        positionals: ['NUMBER'],
        options: {},
      },
      {
        name: 'preset list',
        summary: 'List the known providers and their variables',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'preset show',
        summary: 'Show how to set up a known provider, and what its preset brings',
        positionals: ['NAME'],
        options: { json: JSON_OPTION },
      },
      {
        name: 'verify',
        summary: 'Test integrations, network and addresses as an expert would',
        ownsTerminal: true,
        positionals: ['[NAME…]'],
        options: { json: JSON_OPTION },
      },
      {
        name: 'reload',
        summary: 'Check and apply the configuration on all nodes, without a restart',
        positionals: [],
        options: { json: JSON_OPTION },
      },
    ],
  },
  {
    title: 'Operate',
    commands: [
      {
        name: 'health',
        summary: 'Say whether the server is well, and what is not',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      ...USER_COMMANDS,
      {
        name: 'service add',
        summary: 'Add a service that may start sessions for others; prints its token, once',
        positionals: ['NAME'],
        options: {
          'act-for': {
            type: 'string',
            value: 'WHOM',
            help: 'user:U or group:G (of this host); more than once',
            isRepeatable: true,
          },
          'all-users': { type: 'boolean', help: 'for everybody but administrators' },
          expires: { type: 'string', value: 'D', help: 'how long its token works: 90d, or a date; a year at the most' },
          from: {
            type: 'string',
            value: 'ADDRESS',
            help: 'address or range the token counts from; more than once',
            isRepeatable: true,
          },
          integration: {
            type: 'string',
            value: 'NAME',
            help: 'at this integration only: section, name or ID',
            isRepeatable: true,
          },
          'max-sessions': { type: 'string', value: 'N', help: 'how many of its sessions may run at once; 100' },
          'max-life': { type: 'string', value: 'D', help: 'how long a session of it lasts at most; 12h' },
        },
      },
      {
        name: 'service list',
        summary: 'List services, what they may do and until when',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'service rotate',
        summary: 'Print a new token of a service; the one before works for a day more',
        positionals: ['NAME'],
        options: {
          expires: { type: 'string', value: 'D', help: 'how long the new one works: 90d, or a date; as long as the one before' },
          overlap: { type: 'string', value: 'D', help: 'how long the one before works on: 2h, 0' },
        },
      },
      {
        name: 'service remove',
        summary: 'Remove a service; its sessions end',
        ownsTerminal: true,
        positionals: ['NAME'],
        options: {},
      },
      ...STORED_TOKEN_COMMANDS,
      {
        name: 'completion',
        summary: 'Print the script for completion in bash, zsh or fish',
        positionals: ['SHELL'],
        options: {},
      },
      {
        name: 'version',
        summary: 'Print the version',
        positionals: [],
        options: { json: JSON_OPTION },
      },
      {
        name: 'help exit-codes',
        summary: 'Explain the exit codes',
        positionals: [],
        options: {},
      },
    ],
  },
]

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = COMMAND_GROUPS.flatMap((group) => group.commands)

const IN_SESSIONS = COMMAND_GROUPS[0]?.commands ?? []

/** Whether the first argument of a command names an integration, so that a shell can complete it. */
export function namesIntegration(spec: CommandSpec): boolean {
  return spec.positionals[0] === 'NAME' && IN_SESSIONS.includes(spec)
}
