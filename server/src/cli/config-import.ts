import { randomUUID } from 'node:crypto'
import { closeSync, fchownSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Diagnostic } from '../config/configuration.ts'
import { formatDiagnostic } from '../config/diagnostics.ts'
import { checkOauthClients } from '../config/load.ts'
import { type Imported, importWorkbench, type NamedBytes } from '../config/workbench-import.ts'
import { CliError, type Context, counted, EXIT, findingLine, print, type Run, say } from './command.ts'
import { serverUid } from './config-check.ts'

/** What became of one section. */
interface ImportedIntegration {
  readonly section: string
  readonly id: string
  /** False when the section got a new ID. */
  readonly keepsItsId: boolean
}

interface Outcome {
  readonly findings: readonly Diagnostic[]
  readonly integrations: readonly ImportedIntegration[]
  readonly publicUrl: string | undefined
}

/**
 * `config import FILE`: writes a Workbench `oauth-clients.conf` as ours, each section with the ID it had. Findings on stdout;
 * with an error among them, and where there is a file already, nothing is written.
 */
export const runConfigImport: Run = async ({ options, positionals: [file = ''] }, context) => {
  const target = join(context.configDir, 'oauth-clients.conf')
  refuseExisting(target, context.configDir)
  const source = readNamed(file)
  const imported = importWorkbench(source, typeof options.ids === 'string' ? readNamed(options.ids) : undefined)
  const outcome = await judge(imported, source.file, context)
  const errors = outcome.findings.filter(({ severity }) => severity === 'error').length
  if (errors === 0) writeNew(target, imported.bytes, serverUid(context))
  report({ ...outcome, errors, written: errors === 0 ? target : undefined }, options.json === true, context)
  if (errors > 0) {
    say(context, `${counted(errors, 'error')}: nothing was written.`, correction(outcome.findings, source.file))
    return EXIT.failed
  }
  explain(outcome, target, context)
  return EXIT.ok
}

/** What to do about errors in the old file, which stays as it is, and about others, which stand in files of one's own. */
function correction(findings: readonly Diagnostic[], old: string): string {
  const files = new Set(findings.flatMap(({ severity, file }) => (severity === 'error' ? [file] : [])))
  const others = [...files].filter((file) => file !== old)
  const here = files.has(old) ? [`Correct ${old} in a copy and import that.`] : []
  return [...here, ...(others.length > 0 ? [`Correct ${others.join(' and ')}, or make it anew, and import again.`] : [])].join(
    ' ',
  )
}

function refuseExisting(target: string, configDir: string): void {
  if (statSync(target, { throwIfNoEntry: false })) throw alreadyThere(target)
  if (statSync(configDir, { throwIfNoEntry: false })?.isDirectory()) return
  throw new CliError(`There is no configuration directory ${configDir}.`, {
    action: `Make it with: install -d -m 755 ${configDir}; or name another with --config-dir DIR.`,
    exitCode: EXIT.setup,
  })
}

function alreadyThere(target: string): CliError {
  return new CliError(`${target} is there already, and nothing is overwritten.`, {
    action: 'Move it away and run this again, or import into another folder with --config-dir DIR and merge the two by hand.',
  })
}

function readNamed(path: string): NamedBytes {
  const file = resolve(path)
  try {
    return { file, bytes: readFileSync(file) }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const words = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new CliError(`${file} ${words}.`, { action: 'Check the path, and that this account may read it.', cause })
  }
}

/** What `config check` would say of the result, told in lines of the file it came from. */
async function judge(imported: Imported, file: string, context: Context): Promise<Outcome> {
  const { configDir, dataDir, environment } = context
  const credentialsDirectory = environment.CREDENTIALS_DIRECTORY
  const request = { configDir, dataDir, uid: serverUid(context), ...(credentialsDirectory ? { credentialsDirectory } : {}) }
  const result = await checkOauthClients(request, { file, bytes: imported.bytes })
  const checked = result.findings.inOrder().map((each) => ({ ...each, line: each.line && imported.oldLine(each.line) }))
  const [ours, ids] = imported.findings
  const inFile = [...(ours?.inOrder() ?? []), ...checked].toSorted((a, b) => a.line - b.line)
  return {
    findings: [...inFile, ...(ids?.inOrder() ?? [])],
    integrations: result.integrations.map(({ section, uid }) => ({
      section,
      id: uid,
      keepsItsId: imported.carried.has(section),
    })),
    publicUrl: result.publicUrl,
  }
}

/** Whole or not at all, and never over another file: a link is refused where one stands. link(2) */
function writeNew(target: string, bytes: Uint8Array, uid: number): void {
  const temporary = `${target}.${randomUUID()}.new`
  try {
    const handle = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(handle, bytes)
      // Of the open file: whoever may write the directory could have put a link to another one there meanwhile.
      if (uid !== process.getuid?.()) fchownSync(handle, uid, -1)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    linkSync(temporary, target)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EEXIST') throw alreadyThere(target)
    throw new CliError(`${target} cannot be written (${code}).`, {
      action: 'Run this as root or as the account of the server, with room on the disk.',
      cause,
    })
  } finally {
    rmSync(temporary, { force: true })
  }
}

function report(
  outcome: Outcome & { readonly errors: number; readonly written: string | undefined },
  asJson: boolean,
  context: Context,
): void {
  const { findings, integrations, errors, written } = outcome
  if (asJson) {
    const warnings = findings.length - errors
    print(context, JSON.stringify({ written: written ?? null, integrations, errors, warnings, findings }, undefined, 2))
    return
  }
  for (const each of findings) print(context, findingLine(each.severity, formatDiagnostic(each)))
}

function explain({ integrations, publicUrl }: Outcome, target: string, context: Context): void {
  const kept = integrations.filter(({ keepsItsId }) => keepsItsId).length
  const how = kept === integrations.length ? 'each with its old ID' : `${kept} of them with the old ID`
  const origin = publicUrl ?? '<public-url>'
  say(
    context,
    `Wrote ${target}: ${counted(integrations.length, 'integration')}${integrations.length === 0 ? '' : `, ${how}`}.`,
    [
      `Next: 1. let each service know the redirect URI ${origin}/oauth_redirect_callback (it stays if the address stays)`,
      '2. benchkey config check, then benchkey reload, or benchkey serve',
      '3. everybody signs in once: tokens are not taken over',
    ].join('\n        '),
  )
}
