import { BenchkeyError } from '@benchkey/sdk'
import { parseArguments } from './arguments.ts'
import { CliError, type CommandName, type CommandSpec, type Context, EXIT, exitCodeOf, print, type Run, say } from './command.ts'

/** Where each command's code lies; loaded when called, so that commands used in sessions stay free of the others' libraries. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Run>>> = {
  token: async () => (await import('./token.ts')).runToken,
  status: async () => (await import('./status.ts')).runStatus,
  integrations: async () => (await import('./integrations.ts')).runIntegrations,
  'sign-in': async () => (await import('./sign-in.ts')).runSignIn,
  'sign-out': async () => (await import('./sign-out.ts')).runSignOut,
  run: async () => (await import('./run-with-tokens.ts')).runWithTokens,
  'git-credential': async () => (await import('./git-credential.ts')).runGitCredential,
  login: async () => (await import('./login.ts')).runLogin,
  logout: async () => (await import('./logout.ts')).runLogout,
  doctor: async () => (await import('./doctor.ts')).runDoctor,
  'session run': async () => (await import('./session-run.ts')).runSessionRun,
  'session env': async () => (await import('./session-env.ts')).runSessionEnv,
  'session list': async () => (await import('./session-admin.ts')).runSessionList,
  'session end': async () => (await import('./session-admin.ts')).runSessionEnd,
  'ide install': async () => (await import('./ide-install.ts')).runIdeInstall,
  serve: async () => (await import('./serve.ts')).runServe,
  'session-helper': async () => (await import('./session-helper.ts')).runSessionHelper,
  'config check': async () => (await import('./config-check.ts')).runConfigCheck,
  'config history': async () => (await import('./config-history.ts')).runConfigHistory,
  'config rollback': async () => (await import('./config-history.ts')).runConfigRollback,
  'config import': async () => (await import('./config-import.ts')).runConfigImport,
  'preset list': async () => (await import('./preset.ts')).runPresetList,
  'preset show': async () => (await import('./preset.ts')).runPresetShow,
  verify: async () => (await import('./verify.ts')).runVerify,
  reload: async () => (await import('./reload.ts')).runReload,
  health: async () => (await import('./health.ts')).runHealth,
  'user add': async () => (await import('./user.ts')).runUserAdd,
  'user list': async () => (await import('./user.ts')).runUserList,
  'user show': async () => (await import('./user-show.ts')).runUserShow,
  'user lock': async () => (await import('./user.ts')).runUserLock,
  'user unlock': async () => (await import('./user.ts')).runUserUnlock,
  'user role': async () => (await import('./user.ts')).runUserRole,
  'user remove': async () => (await import('./user.ts')).runUserRemove,
  'service add': async () => (await import('./service.ts')).runServiceAdd,
  'service list': async () => (await import('./service.ts')).runServiceList,
  'service rotate': async () => (await import('./service.ts')).runServiceRotate,
  'service remove': async () => (await import('./service.ts')).runServiceRemove,
  'stored-token list': async () => (await import('./stored-token-list.ts')).runStoredTokenList,
  'stored-token revoke': async () => (await import('./stored-token-remove.ts')).runStoredTokenRevoke,
  'stored-token purge': async () => (await import('./stored-token-remove.ts')).runStoredTokenPurge,
  completion: async () => (await import('./completion.ts')).runCompletion,
  version: async () => (await import('./version.ts')).runVersion,
  'help exit-codes': async () => (await import('./help.ts')).runHelpExitCodes,
}

/** The directories of one call, from its options and from what `bin.ts` found. */
export type Directories = (options: { configDir?: string; dataDir?: string }) => { configDir: string; dataDir: string }

type Surroundings = Omit<Context, 'configDir' | 'dataDir'>

/** Runs a command line and resolves to the exit code; every failure has been said on stderr by then. */
export async function runCommandLine(
  argv: readonly string[],
  surroundings: Surroundings & { readonly directories: Directories },
): Promise<number> {
  try {
    const parsed = parseArguments(argv)
    if (parsed.kind === 'help') {
      const { helpText } = await import('./help.ts')
      print(surroundings, helpText(parsed.spec))
      return EXIT.ok
    }
    const { 'config-dir': configDir, 'data-dir': dataDir } = parsed.call.options
    const directories = surroundings.directories({
      ...(typeof configDir === 'string' ? { configDir } : {}),
      ...(typeof dataDir === 'string' ? { dataDir } : {}),
    })
    const run = await LOADERS[parsed.spec.name]()
    return await withProgress(parsed.spec, surroundings, () => run(parsed.call, contextOf(surroundings, directories)))
  } catch (error) {
    return explain(error, surroundings)
  }
}

/** On top of the surroundings rather than copied from them: stdin is opened when it is first asked for. */
function contextOf(surroundings: Surroundings, directories: ReturnType<Directories>): Context {
  return Object.assign(Object.create(surroundings) as Surroundings, directories)
}

/** After so long a person at a terminal is told that it goes on. */
const PATIENCE_MS = 2_000

/** Says once, on a terminal, that a command takes its time. */
async function withProgress(
  spec: CommandSpec,
  context: Pick<Context, 'errors' | 'sleep'>,
  run: () => Promise<number>,
): Promise<number> {
  if (!context.errors.isTTY || spec.ownsTerminal || spec.takesCommand) return await run()
  const over = new AbortController()
  const told = context.sleep(PATIENCE_MS, over.signal).then(
    () => {
      if (!over.signal.aborted) say(context, `"${spec.name}" takes a while; still waiting.`)
    },
    () => undefined, // Over before that.
  )
  try {
    return await run()
  } finally {
    over.abort()
    await told
  }
}

/** Says a failure in words and answers its exit code. */
function explain(error: unknown, context: Pick<Context, 'errors'>): number {
  if (error instanceof BenchkeyError) {
    say(context, error.explanation, error.action)
    return exitCodeOf(error.code)
  }
  if (error instanceof CliError) {
    say(context, error.message, error.action)
    return error.exitCode
  }
  if (isSetupError(error)) {
    say(context, error.message.trimEnd().replaceAll('\n', '\n  '))
    return error.exitCode
  }
  const words = error instanceof Error ? error.message : String(error)
  say(context, `This is a fault of Benchkey itself: ${words}`, 'Tell your administrator what you typed and this line.')
  return EXIT.failed
}

/** domain's SetupError by its mark: importing the domain here would cost every `benchkey token` its load time. */
function isSetupError(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && error.name === 'SetupError' && 'exitCode' in error
}
