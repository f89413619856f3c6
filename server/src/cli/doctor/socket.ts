import { connect } from 'node:net'
import { localSocket } from '@benchkey/sdk'
import { type Check, codeOf, ok, shown, type Variables, warning } from './check.ts'

/** It is on this host: it answers at once or not at all. */
const CONNECT_TIMEOUT_MS = 5_000

/** Whether calls go over the session socket, where the session was given one. */
export async function checkSocket(variables: Variables): Promise<readonly Check[]> {
  const socket = localSocket(variables)
  if (!socket) return []
  const trouble = socket.trouble ?? (await troubleAt(socket.path))
  const what = `session socket ${shown(socket.path)}`
  if (trouble === undefined) return [ok('socket', `The ${what} answers; benchkey and the SDK ask there.`)]
  const explanation = `The ${what} ${trouble}, so benchkey and the SDK ask over the network.`
  return [
    warning(
      'socket',
      explanation,
      'It costs nothing but time; session-socket in benchkey.conf and the log of the server tell why.',
    ),
  ]
}

function troubleAt(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = connect({ path })
    const end = (trouble: string | undefined): void => {
      probe.destroy()
      resolve(trouble)
    }
    probe.setTimeout(CONNECT_TIMEOUT_MS, () => end('does not answer'))
    probe.on('connect', () => end(undefined))
    probe.on('error', (error) => end(`does not answer (${codeOf(error)})`))
  })
}
