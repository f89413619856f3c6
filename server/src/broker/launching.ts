import { join } from 'node:path'
import { type Application, type Facts, fillTemplate, sessionPath } from '../domain/application.ts'
import type { Effects } from '../domain/effects.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { ApplicationDoor } from '../launcher/application-door.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { LaunchHandle } from '../launcher/launcher.ts'
import { RUNTIME_DIRECTORY } from '../launcher/scripts.ts'
import { APPLICATION_SOCKET } from '../launcher/session-directories.ts'
import { sessionEnvironment } from '../launcher/session-environment.ts'
import type { Store } from '../store/store.ts'

/** What an application is started with. */
export interface LaunchingParts {
  readonly store: Store
  readonly effects: Pick<Effects, 'randomBytes'>
  readonly local: LocalSessions
  /** Without a trailing slash. */
  readonly publicUrl: string
  /** Without a trailing slash. */
  readonly callbackAddress: string
  readonly caCertificate?: string
  readonly sessionSocketPath: () => string | undefined
}

/** Random bytes of what an application demands of the proxy. */
const SECRET_BYTES = 32

/** What has to be settled before the session is in the database: its application's port, if it has one, and the proxy's secret. */
export async function doorOf(
  application: Application,
  { local, effects }: LaunchingParts,
): Promise<{ port?: number; secret: string }> {
  const secret = Buffer.from(effects.randomBytes(SECRET_BYTES)).toString('base64url')
  return { secret, ...(application.listen === 'port' ? { port: await local.findFreePort() } : {}) }
}

/** Makes the session's files and starts its application. Resolves with why it could not be started, if so: a sentence without a full stop. */
export async function launch(
  session: DevelopmentSession,
  application: Application,
  given: { readonly cookie: string; readonly secret: string },
  parts: LaunchingParts,
): Promise<string | undefined> {
  const { store, local, publicUrl, callbackAddress, caCertificate, sessionSocketPath } = parts
  const place = local.files.placeOf(session.id, session.account)
  const runtimeDirectory = join(place.directory, RUNTIME_DIRECTORY)
  const socketPath = join(place.directory, APPLICATION_SOCKET)
  await store.sessions.notePlace(session.id, { runtimeDirectory, ...(application.listen === 'socket' ? { socketPath } : {}) })
  await local.files.make(place, { cookie: given.cookie, caCertificate })
  const facts = await factsOf(session, { secret: given.secret, directory: place.directory, socketPath }, parts)
  const rpcSocket = sessionSocketPath()
  const addresses = { publicUrl, callbackAddress, ...(rpcSocket === undefined ? {} : { socketPath: rpcSocket }) }
  const own = Object.entries(application.environment).map(([name, value]) => [name, fillTemplate(value, facts)])
  const started = await local.launcher.start({
    ...place,
    words: application.command.map((word) => fillTemplate(word, facts)),
    environment: {
      ...Object.fromEntries(own),
      ...sessionEnvironment({ ...addresses, sessionId: session.id }),
      PWB_SESSION_RUNTIME_DIR: runtimeDirectory,
      BENCHKEY_SESSION_RUNTIME_DIR: runtimeDirectory,
    },
  })
  if (started.kind === 'failed') return started.words
  await store.sessions.noteLeader(session.id, started.leader)
  return undefined
}

async function factsOf(
  session: DevelopmentSession,
  { secret, directory, socketPath }: { readonly secret: string; readonly directory: string; readonly socketPath: string },
  { local, publicUrl }: LaunchingParts,
): Promise<Facts> {
  const { home, name } = await local.accountOf(session.account)
  return {
    socket: socketPath,
    port: String(session.port ?? ''),
    secret,
    'base-path': sessionPath(session.id),
    id: session.id,
    name: session.name,
    'runtime-dir': join(directory, RUNTIME_DIRECTORY),
    home,
    user: name,
    'public-url': publicUrl,
  }
}

/** Where a started session's application answers, with the path that tells whether it is ready. */
export async function applicationDoorOf(
  session: DevelopmentSession,
  application: Application,
  { store, local }: Pick<LaunchingParts, 'store' | 'local'>,
): Promise<ApplicationDoor> {
  const { directory } = local.files.placeOf(session.id, session.account)
  const base = application.basePath === 'keep' ? sessionPath(session.id).slice(0, -1) : ''
  const secretHeader = await secretHeaderOf(session, application, store)
  return {
    directory,
    path: `${base}${application.readyPath}`,
    ...(session.port === undefined ? {} : { port: session.port }),
    ...(secretHeader ? { secretHeader } : {}),
  }
}

/** The header that shows the application that it is the proxy who asks. */
export async function secretHeaderOf(
  session: DevelopmentSession,
  { secretHeader }: Application,
  store: Pick<Store, 'sessions'>,
): Promise<Application['secretHeader']> {
  if (!secretHeader) return undefined
  const secret = (await store.sessions.readSecret(session.id)) ?? ''
  return { name: secretHeader.name, value: fillTemplate(secretHeader.value, { secret }) }
}

/** What the launcher finds a stored session by. */
export function handleOf(session: DevelopmentSession, { local }: Pick<LaunchingParts, 'local'>): LaunchHandle {
  return { ...local.files.placeOf(session.id, session.account), leader: session.supervisor }
}
