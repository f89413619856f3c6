import { chmod, chown, lstat, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { SetupError } from '../domain/errors.ts'
import { isForPeople, LEAST_SESSION_UID, type UnixAccount } from '../domain/unix-account.ts'
import { hasGroupOfOwn } from './groups.ts'
import { HELPER_LINE_LIMIT_BYTES, type HelperReply, type HelperRequest, parseHelperRequest } from './helper-protocol.ts'
import { LauncherError } from './launcher.ts'
import { runAsAccount } from './run-as.ts'
import { makeOwn, OwnedDirectories, sessionsBase } from './session-directories.ts'

/** What the session helper is started with. */
export interface SessionHelperOptions {
  /** The account the server runs as: it alone may ask. */
  readonly server: string
  readonly socketPath: string
  readonly findUnixAccount: (name: string) => Promise<UnixAccount | undefined>
}

/** A running helper. */
export interface SessionHelper {
  close(): Promise<void>
}

/**
 * The one part of Benchkey that is root where the server is not: runs programs as accounts from 1000 on, never as the server's, and
 * makes the directories they own. It reads no file of Benchkey's. Rejects with SetupError when it cannot be that.
 */
export async function startSessionHelper(options: SessionHelperOptions): Promise<SessionHelper> {
  const { socketPath, findUnixAccount } = options
  if (process.getuid?.() !== 0)
    throw new SetupError('The session helper has to run as root: it starts programs as other accounts.')
  const server = await findUnixAccount(options.server)
  if (!server || server.uid === 0)
    throw new SetupError(`"${options.server}" is no account a server could run as. Name the server's own.`)
  if (!(await hasGroupOfOwn(server))) {
    throw new SetupError(
      `Others are in the group of "${options.server}", or it has another name, and the sockets of sessions let it in. Give the account a group of its own.`,
    )
  }
  const accountOf = (name: string): Promise<UnixAccount> => sessionAccount(name, server, findUnixAccount)
  const base = sessionsBase({ dataDir: '/', singleUser: false, uid: 0 })
  const directories = new OwnedDirectories(base, { accountOf, groupId: async () => server.gid })
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    answer(socket, (request) => perform(request, accountOf, directories)).catch(() => socket.destroy())
  })
  await listen(listener, socketPath, server)
  return {
    close: () => new Promise((resolve) => listener.close(() => resolve())),
  }
}

async function perform(
  request: HelperRequest,
  accountOf: (name: string) => Promise<UnixAccount>,
  directories: OwnedDirectories,
): Promise<HelperReply> {
  if (request.do === 'run') return { left: await runAsAccount(await accountOf(request.account), request.words, request) }
  if (request.do === 'make') await directories.make(request.sessionId, request.account)
  else await directories.remove(request.sessionId)
  return {}
}

async function sessionAccount(
  name: string,
  server: UnixAccount,
  findUnixAccount: SessionHelperOptions['findUnixAccount'],
): Promise<UnixAccount> {
  const account = await findUnixAccount(name)
  if (!account) throw new LauncherError(`There is no Unix account ${name} on this host.`)
  if (isForPeople(account) && account.uid !== server.uid) return account
  throw new LauncherError(
    `The session helper runs nothing as ${name}: only as accounts from ${LEAST_SESSION_UID} on, never as the server.`,
  )
}

/** One request, one reply, and the connection ends. */
async function answer(socket: Socket, perform: (request: HelperRequest) => Promise<HelperReply>): Promise<void> {
  socket.on('error', () => socket.destroy())
  let line = ''
  for await (const chunk of socket.setEncoding('utf8')) {
    line += chunk
    if (Buffer.byteLength(line) > HELPER_LINE_LIMIT_BYTES) return void socket.destroy()
  }
  const request = parseHelperRequest(line)
  const reply = request
    ? await perform(request).catch(refusalOf)
    : { refused: 'The session helper did not understand this request.' }
  socket.end(`${JSON.stringify(reply)}\n`)
}

/** Foreign errors may quote what was sent: only their code is told. */
function refusalOf(failure: unknown): HelperReply {
  if (failure instanceof LauncherError) return { refused: failure.message }
  const code = failure instanceof Error && 'code' in failure && typeof failure.code === 'string' ? failure.code : 'unknown error'
  return { refused: `The session helper could not do it (${code}).` }
}

/** The socket is the server's alone; nobody but root writes in its directory. */
async function listen(listener: Server, path: string, { uid, gid }: UnixAccount): Promise<void> {
  try {
    await makeOwn(dirname(path), 0o755)
    if ((await lstat(path).catch(() => undefined))?.isSocket()) await unlink(path)
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(path, resolve))
    await chmod(path, 0o600)
    await chown(path, uid, gid)
  } catch (failure) {
    const words =
      failure instanceof LauncherError ? failure.message : `It cannot be opened (${(failure as NodeJS.ErrnoException).code}).`
    throw new SetupError(`The socket ${path} of the session helper cannot be used. ${words}`, { cause: failure })
  }
}
