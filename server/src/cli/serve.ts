import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, EXIT, print, type Run, type RunningServer, say } from './command.ts'

/** `serve`: runs the server until SIGTERM or SIGINT, then drains and answers 0. SIGHUP reloads. */
export const runServe: Run = async (_call, context) => {
  tellOfProxies(context)
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

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY']

/** Other programs take their proxy from there, so somebody may rely on it. */
function tellOfProxies(context: Context): void {
  const file = join(context.configDir, 'env-vars')
  const name = PROXY_VARIABLES.find((each) => context.environment[each])
  if (name === undefined || existsSync(file)) return
  const fact = `${name} in the environment of the server does not count: services are asked directly.`
  say(context, fact, `Where a proxy is needed, write it in ${file}.`)
}
