import { CliError, EXIT } from '../command.ts'

const AGAIN = 'and run this again.'

const COMPILER = 'Install a compiler (on Debian: apt-get install build-essential python3 libkrb5-dev)'

/** What npm and the compilers print, and what it means to a person; the first that is found counts. */
const MEANINGS: readonly {
  readonly pattern: RegExp
  readonly fact: string
  readonly action: string
  readonly exitCode?: number
}[] = [
  {
    pattern: /ENOSPC|No space left on device/,
    fact: 'The disk is full.',
    action: `Free about 1.5 GB in the folder and in npm's cache, ${AGAIN}`,
  },
  {
    pattern: /EINTEGRITY/,
    fact: 'What npm was given is not what was published: a checksum differs.',
    action: 'Check which registry is set (npm config get registry) with your administrator.',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    fact: 'The packages could not be fetched: the registry of npm does not answer.',
    action: `Check the network, or npm's proxy and registry settings, ${AGAIN} What has come is kept in npm's cache.`,
    exitCode: EXIT.tryLater,
  },
  {
    pattern: /\bE404\b/,
    fact: 'The registry that npm uses does not have the packages.',
    action: 'Check it with: npm config get registry',
  },
  {
    pattern: /\bE(401|403)\b/,
    fact: 'The registry that npm uses refuses the packages.',
    action: 'Log in there with npm, or set another one: npm config set registry URL',
  },
  {
    pattern: /gssapi\/gssapi\.h|krb5\.h/,
    fact: 'The headers of Kerberos are missing, which VS Code is built with.',
    action: `Install them (on Debian: apt-get install libkrb5-dev) ${AGAIN}`,
  },
  {
    pattern: /not found: make|find Python|g\+\+: (No such|not found)|c\+\+: /,
    fact: 'There is no compiler to build it with.',
    action: `${COMPILER} ${AGAIN}`,
  },
  {
    pattern: /EACCES|EPERM|EROFS/,
    fact: 'npm may not write its files.',
    action: `Give your account the folder and npm's cache, ${AGAIN}`,
  },
]

/** The failure of an npm run as one sentence; where nothing is known to fit, npm's last words stand in it. */
export function explainNpm(output: string): CliError {
  const found = errorsFirst(output)
  if (found) return new CliError(found.fact, { action: found.action, exitCode: found.exitCode ?? EXIT.failed })
  return new CliError(`npm could not install the packages; its last words: ${lastWords(output)}`, {
    action: "npm's log has all of them (npm config get cache, below _logs).",
  })
}

/** npm's own verdict before what it printed on the way: a download that failed and was made up for is no reason. */
function errorsFirst(output: string): (typeof MEANINGS)[number] | undefined {
  const verdict = output
    .split('\n')
    .filter((line) => /^npm (error|ERR!)|^(gyp|make)\b.*(ERR|error)|: (fatal )?error: /i.test(line))
  const text = verdict.join('\n')
  return MEANINGS.find(({ pattern }) => pattern.test(text))
}

function lastWords(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
  const verdict = lines.filter((line) => /^npm (error|ERR!)/.test(line) && !/log of this run|^npm error\s*$/.test(line))
  return (verdict.at(0) ?? lines.filter((line) => line !== '').at(-1) ?? 'none').slice(0, 200)
}
