import { resolve } from 'node:path'
import { CliError, EXIT, print, type Run } from './command.ts'

const SOCKET = '/run/benchkey/helper.sock'

/** `session-helper`: starts sessions as their users, for a server that is not root, until SIGTERM or SIGINT. */
export const runSessionHelper: Run = async ({ options }, context) => {
  const { server, socket = SOCKET } = options
  if (typeof server !== 'string') {
    throw new CliError('The session helper has to know the account of the server, which alone may ask it.', {
      action: 'Name it: benchkey session-helper --server benchkey',
      exitCode: EXIT.usage,
    })
  }
  const stopped = Promise.withResolvers<void>()
  const stop = (): void => stopped.resolve()
  context.signals.on('SIGTERM', stop)
  context.signals.on('SIGINT', stop)
  const socketPath = resolve(String(socket))
  const helper = await context.startSessionHelper({ server, socketPath })
  print(context, `ready ${socketPath}`)
  await stopped.promise
  await helper.close()
  context.signals.off('SIGTERM', stop)
  context.signals.off('SIGINT', stop)
  return EXIT.ok
}
