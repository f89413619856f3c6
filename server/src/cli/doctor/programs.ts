import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import type { Context } from '../command.ts'
import { type Check, ok, shown, warning } from './check.ts'

/** R starts in half a second; a home on a slow network drive takes a few. */
const PROGRAM_TIMEOUT_MS = 10_000
const LEAST_NODE = 20

const R_SCRIPT = `
has <- requireNamespace("rstudioapi", quietly = TRUE)
version <- if (has) as.character(utils::packageVersion("rstudioapi")) else ""
able <- has && exists("getOAuthCredentials", asNamespace("rstudioapi"))
cat("\\nfound ", as.character(getRversion()), " ", version, " ", able, "\\n", sep = "")
`

const PYTHON_SCRIPT = `
import importlib.metadata, importlib.util, sys
try:
    version = importlib.metadata.version("posit-sdk")
    able = importlib.util.find_spec("posit.workbench") is not None
except Exception:
    version, able = "", False
print("\\nfound", ".".join(map(str, sys.version_info[:3])), version, able)
`

/** The programs that ask for tokens, as far as they are there. */
export function checkPrograms({ environment, asCaller }: Pick<Context, 'environment' | 'asCaller'>): Promise<readonly Check[]> {
  const run = (program: string, ...args: string[]): Promise<string | undefined> =>
    asCaller(() => outputOf(program, args, environment))
  return Promise.all([checkR(run), checkPython('python3', run), checkPython('python', run), checkNode(run)])
}

type RunProgram = (program: string, ...args: string[]) => Promise<string | undefined>

async function checkR(run: RunProgram): Promise<Check> {
  const output = await run('Rscript', '-e', R_SCRIPT)
  const library = { name: 'rstudioapi', wanted: '0.19', get: 'install.packages("rstudioapi")' }
  return verdict('r', output, 'R', library)
}

async function checkPython(program: string, run: RunProgram): Promise<Check> {
  const output = await run(program, '-c', PYTHON_SCRIPT)
  const library = { name: 'posit-sdk', wanted: '0.16', get: `${program} -m pip install --upgrade posit-sdk` }
  return verdict(program, output, `Python (${program})`, library)
}

function verdict(
  check: string,
  output: string | undefined,
  language: string,
  library: { readonly name: string; readonly wanted: string; readonly get: string },
): Check {
  if (output === undefined) return { check, outcome: 'skipped', explanation: `${language} is not there, or did not start.` }
  const [, own = '?', version = '', able = ''] = /^found (\S+) (\S*) ?(\w+)$/m.exec(output) ?? []
  const where = `${language} ${shown(own)}`
  if (version === '') {
    return { check, outcome: 'skipped', explanation: `${where} is there without ${library.name}.` }
  }
  if (able.toUpperCase() === 'TRUE') return ok(check, `${where} has ${library.name} ${shown(version)}, which can ask for tokens.`)
  const explanation = `${where} has ${library.name} ${shown(version)}, which is too old to ask for tokens.`
  return warning(check, explanation, `Get ${library.wanted} or later: ${library.get}`)
}

async function checkNode(run: RunProgram): Promise<Check> {
  const version = (await run('node', '--version'))?.trim() ?? ''
  if (version === '') return { check: 'node', outcome: 'skipped', explanation: 'Node is not there, or did not start.' }
  const isOld = !(Number(/^v(\d+)\./.exec(version)?.[1]) >= LEAST_NODE)
  if (!isOld) return ok('node', `Node ${shown(version)} is new enough for @benchkey/sdk.`)
  return warning('node', `Node ${shown(version)} is too old for @benchkey/sdk.`, `Get Node ${LEAST_NODE} or later.`)
}

/** What a program writes; undefined when it is missing, fails, or takes too long. */
function outputOf(program: string, args: readonly string[], environment: Context['environment']): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...environment }, timeout: PROGRAM_TIMEOUT_MS, killSignal: 'SIGKILL' as const }
    execFile(program, [...args], { ...options, ...(isOurs('.') ? {} : { cwd: '/' }) }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
  })
}

/**
 * Whether only this account can put files into a folder. R runs the profile that lies in the current one, Python the modules: what
 * others could have left there is not run for a question.
 */
function isOurs(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (!stats) return false
  const { uid, gid, mode } = stats
  if (uid !== process.getuid?.() || (mode & 0o002) !== 0) return false
  // A group of its own is what many systems give to each account.
  return (mode & 0o020) === 0 || gid === process.getgid?.()
}
