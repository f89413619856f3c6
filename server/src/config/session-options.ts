import { type OptionTable, row } from './option-table.ts'
import { commandWords, pathBelow, programNames, secretHeader, variables } from './templates.ts'
import { choice, flag, plainText, wholeNumber, wordList } from './values.ts'

/** Ten minutes: who waits longer for an application has gone. */
const MOST_READY_SECONDS = 600

/** What a kind of session is taken for that does not say it. */
export const SESSION_DEFAULTS = {
  listen: 'socket',
  readyPath: '/',
  readySeconds: 30,
  basePath: 'strip',
  icon: 'terminal',
} as const

/** The options of a section of `sessions.conf`. */
export const SESSION_OPTIONS = {
  name: row({
    default: 'the section header',
    meaning: 'The name people see.',
    example: 'JupyterLab',
    parse: plainText,
  }),
  command: row({
    required: true,
    meaning:
      'The program and its arguments, started without a shell as the user’s own account, in the home directory. Blanks separate words, quotes keep them together, `{…}` stands for a fact (below). A section with the name of a shipped kind has its command already.',
    example: 'shiny-dashboard --socket {socket} --title "Our dashboard"',
    parse: commandWords,
  }),
  program: row({
    default: 'the first word of `command`',
    meaning:
      'Names or paths of the program; the first one that is on this host is `{program}`. A name is looked for in `/usr/local/bin`, `/usr/bin`, `/bin` and the like. Where none is there, the kind is not offered.',
    example: '/opt/conda/bin/jupyter-lab jupyter-lab',
    parse: programNames,
  }),
  listen: row({
    default: SESSION_DEFAULTS.listen,
    meaning:
      '`socket`: the program answers HTTP on the Unix socket `{socket}`, in a directory that its user and the proxy alone may enter. `port`: on port `{port}` of 127.0.0.1, which every account of the host can reach, so `secret-header` is required.',
    example: 'port',
    parse: choice('way to listen', { socket: 'socket', port: 'port' } as const),
  }),
  'secret-header': row({
    default: 'none; required with `listen=port`',
    meaning:
      'A header that Benchkey’s proxy sends with every request, and without which the program must answer nothing. `{secret}` is another one for each session; the program gets it in `environment`.',
    example: 'X-Dashboard-Secret: {secret}',
    parse: secretHeader,
  }),
  'ready-path': row({
    default: SESSION_DEFAULTS.readyPath,
    meaning: 'The path, below the session’s own, that is answered with a status below 500 as soon as the program is ready.',
    example: '/healthz',
    parse: pathBelow,
  }),
  'ready-seconds': row({
    default: `${SESSION_DEFAULTS.readySeconds}`,
    meaning: 'Seconds the program may take until it is ready; then the start has failed.',
    example: '60',
    parse: wholeNumber('number of seconds', 1, MOST_READY_SECONDS),
  }),
  'base-path': row({
    default: SESSION_DEFAULTS.basePath,
    meaning:
      'What the program sees of `/s/<id>/…`, the address in the browser: `strip`: only what follows `/s/<id>`; `keep`: all of it, for programs that are told `{base-path}`.',
    example: 'keep',
    parse: choice('base path style', { strip: 'strip', keep: 'keep' } as const),
  }),
  environment: row({
    default: 'none besides what every session has',
    meaning: 'Variables of the program, `NAME=value` between blanks; quotes keep blanks together. `{…}` stands for a fact.',
    example: 'DASHBOARD_SECRET={secret} TITLE="Our dashboard"',
    parse: variables,
  }),
  icon: row({
    default: SESSION_DEFAULTS.icon,
    meaning: 'The picture beside the name: `code`, `notebook`, `terminal`, `r` or `positron`.',
    example: 'notebook',
    parse: choice('icon', { code: 'code', notebook: 'notebook', terminal: 'terminal', r: 'r', positron: 'positron' } as const),
  }),
  integrations: row({
    default: 'all',
    meaning:
      'The integrations that sessions of this kind get tokens for, unless the user ticks others at the start: section headers of `oauth-clients.conf`, between commas or blanks.',
    example: 'box-integration, custom-api',
    parse: wordList('integration'),
  }),
  disabled: row({
    default: '0',
    meaning: '1: sessions of this kind are not offered. Those that run go on.',
    example: '1',
    parse: flag,
  }),
} as const satisfies OptionTable
