import { type Context, EXIT, print, type Run, type RunningServer, say } from './command.ts'

/** `serve`: runs the server until SIGTERM or SIGINT, then drains and answers 0. SIGHUP reloads. */
export const runServe: Run = async (_call, context) => {
  const stopped = Promise.withResolvers<void>()
  const stop = (): void => stopped.resolve()
  context.signals.on('SIGTERM', stop)
  context.signals.on('SIGINT', stop)
  const server = await context.startServer({ configDir: context.configDir, dataDir: context.dataDir })
  const reload = (): void => void reloadOnSignal(server, context)
  context.signals.on('SIGHUP', reload)
  print(context, `ready ${server.url}`)
  await stopped.promise
  await server.close()
  context.signals.off('SIGHUP', reload)
  context.signals.off('SIGTERM', stop)
  context.signals.off('SIGINT', stop)
  return EXIT.ok
}

/** A reload that fails leaves the server as it was; its findings are in the server's log. */
async function reloadOnSignal(server: RunningServer, context: Context): Promise<void> {
  try {
    await server.reload()
  } catch (error) {
    say(context, `The configuration was not reloaded: ${error instanceof Error ? error.message : String(error)}`)
  }
}
