import { LocalAccounts } from '../src/login/local-accounts.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import type { Running } from './command-line.ts'
import { editDatabase } from './edit-database.ts'
import { PlainBrowser } from './signed-in.ts'
import {
  fetchToken,
  PASSWORD_COST,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerPlan,
  startServeProcess,
  writeOauthClients,
} from './start-server.ts'

/** The one of every user. */
export const PASSWORD = 'correct horse battery staple'
const SECRET = 'a-long-demo-secret'

/** How long the tokens of `demo` live, in seconds. */
export const DEMO_LIFE_SECONDS = 600

/** A `benchkey serve` with a user `demo`, signed in to the section `demo`, not to `box-integration`, nor to `brief`. */
export interface SessionWorld {
  readonly files: ServerFiles
  /** Behind `demo` and `box-integration`; knows the user as ada. */
  readonly provider: RunningAuthorizationServer
  /** Behind `brief`: its tokens live a second. It may be closed. */
  readonly brief: RunningAuthorizationServer
  /** Integration ID of `demo`. */
  readonly uid: string
  /** The serve process; whoever ends it starts it again. */
  readonly serve: Running
  startAgain(): Promise<void>
  /** Signs a user in to a section, in a browser of their own. */
  signIn(section: string, userName?: string): Promise<string>
  addUser(name: string): Promise<void>
  /** What a fetch with the cookie is answered: 200, or 401 when the cookie is worth nothing. */
  statusWith(cookie: string): Promise<number>
  /** Ends all that runs and removes the files; resolves to the exit code of the serve process. */
  close(): Promise<number | null>
}

/** Starts authorization servers and Benchkey, adds the user and signs in. */
export async function startSessionWorld(plan: ServerPlan = {}): Promise<SessionWorld> {
  const files = await prepareServer(plan)
  const clients = [{ id: 'demo', secret: SECRET, method: 'client-secret-post', redirectUris: [files.redirectUri] }] as const
  const provider = await startAuthorizationServer({ clients, rotate: true, accessTokenSeconds: DEMO_LIFE_SECONDS })
  const brief = await startAuthorizationServer({ clients, rotate: true, accessTokenSeconds: 1 })
  let briefOpen = true
  const closeBrief = async (): Promise<void> => {
    briefOpen = false
    await brief.close()
  }
  const sections = [
    section('demo', 'Demo API', provider),
    section('box-integration', 'Box API Access', provider),
    section('brief', 'Brief API', brief),
  ]
  writeOauthClients(files, sections.join('\n'))
  let serve = await startServeProcess(files)
  const signIn = async (name: string, userName = 'demo'): Promise<string> => {
    const browser = new PlainBrowser(files)
    await browser.logIn(userName, PASSWORD)
    return browser.signIn(name)
  }
  const addUser = async (name: string): Promise<void> => {
    await runAdmin(files, ['user', 'add', name, '--password-stdin'], `${PASSWORD}\n`)
    await cheapenPassword(files, name)
  }
  await addUser('demo')
  const uid = await signIn('demo')
  return {
    ...{ files, provider, brief: { ...brief, close: closeBrief }, uid, signIn, addUser },
    get serve() {
      return serve
    },
    startAgain: async () => {
      serve = await startServeProcess(files)
    },
    statusWith: async (cookie) => (await fetchToken(files, cookie, uid)).status,
    close: async () => {
      serve.child.kill('SIGTERM')
      const { code } = await serve.finished
      await Promise.all([provider.close(), briefOpen && brief.close()])
      removeFiles(files)
      return code
    },
  }
}

/** Each check of a password's hash takes 0.4 s of processor, as it was made; its text says what it costs. */
async function cheapenPassword(files: ServerFiles, userName: string): Promise<void> {
  const hash = await new LocalAccounts(PASSWORD_COST).hash(PASSWORD)
  await editDatabase(files, (database) =>
    database.prepare('UPDATE users SET password_hash = ? WHERE name = ?').run(hash, userName),
  )
}

function section(name: string, displayName: string, server: RunningAuthorizationServer): string {
  return `[${name}]
name = ${displayName}
client-id = demo
client-secret = ${SECRET}
authorization-url = ${server.authorizationUrl}
token-url = ${server.tokenUrl}
scopes = openid, read
`
}
