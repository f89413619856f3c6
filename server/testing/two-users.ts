import type { PageIntegration, PageIntegrations } from '@benchkey/sdk/pages'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { makeRpcCookie, rpcCookieHash } from '../src/broker/rpc-cookie.ts'
import { realEffects } from '../src/effects.ts'
import { openStore } from '../src/store/open.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { launchBrowser, logIn, openProfile } from './browser.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from './start-server.ts'

/** What a script of Benchkey's own pages got. */
export interface PageReply {
  readonly status: number
  readonly body: string
}

/** A user of the server, logged in in a browser profile of their own. */
export interface Person {
  readonly name: string
  readonly password: string
  readonly profile: BrowserContext
  /** The tab that people click in. */
  readonly page: Page
  /** A tab that stays at an address of Benchkey without a page of its own, for requests as its pages make them. */
  readonly desk: Page
  /** Of a session of theirs. */
  readonly rpcCookie: string
}

/** A server for several users with two integrations: `box` at an honest authorization server, `evil` at the attacker's own. */
export interface TwoUsers {
  readonly files: ServerFiles
  readonly browser: Browser
  readonly honest: RunningAuthorizationServer
  /** Also an authorization server of the configuration, but the attacker runs it. */
  readonly evil: ScriptedProvider
  /** The victim. */
  readonly ann: Person
  /** The attacker. */
  readonly eve: Person
  /** Integration IDs by section. */
  readonly uids: Readonly<Record<'box' | 'evil', string>>
  server(): ServerInProcess
  /** Lets the rate limits forget what happened so far, as if nobody had done anything for a while. */
  rest(): void
  /** Ends the server and starts it again on the same files. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** A rate limit of sign-ins is full again after this. */
const REST_MS = 10 * 60_000

/** Starts everything; `single-user` is off. */
export async function startTwoUsers(): Promise<TwoUsers> {
  const files = await prepareServer({ singleUser: false })
  const client = {
    id: 'bench',
    secret: 'the secret of box',
    method: 'client-secret-post',
    redirectUris: [files.redirectUri],
  } as const
  const honest = await startAuthorizationServer({ clients: [client], rotate: true, accessTokenSeconds: 600 })
  const evil = await startScriptedProvider()
  writeOauthClients(files, oauthClients(honest, evil, client))
  const real = realEffects()
  let restedMs = 0
  const effects = { ...real, monotonicMs: () => real.monotonicMs() + restedMs }
  let server = await startInProcess(files, { effects })
  const browser = await launchBrowser()
  const [ann, eve] = [await personOf(files, browser, 'ann'), await personOf(files, browser, 'eve')]
  const { integrations } = JSON.parse((await ask(ann, '/api/integrations')).body) as PageIntegrations
  const uidOf = (section: string): string => integrations.find((each) => each.section === section)?.uid ?? ''
  return {
    ...{ files, browser, honest, evil, ann, eve },
    uids: { box: uidOf('box'), evil: uidOf('evil') },
    server: () => server,
    restart: async () => {
      await server.close()
      server = await startInProcess(files, { effects })
    },
    rest: () => {
      restedMs += REST_MS
    },
    close: async () => {
      await browser.close()
      await server.close()
      await Promise.all([honest.close(), evil.close()])
      removeFiles(files)
    },
  }
}

function oauthClients(
  honest: RunningAuthorizationServer,
  evil: ScriptedProvider,
  client: { id: string; secret: string },
): string {
  return `[box]
name = Box API Access
client-id = ${client.id}
client-secret = ${client.secret}
authorization-url = ${honest.authorizationUrl}
token-url = ${honest.tokenUrl}
issuer = ${honest.issuer}
scopes = openid, read

[evil]
name = Evil API
client-id = bench at evil
client-secret = the secret of evil
authorization-url = ${evil.authorizationUrl}
token-url = ${evil.tokenUrl}
`
}

async function personOf(files: ServerFiles, browser: Browser, name: string): Promise<Person> {
  const password = `the password of ${name}`
  await askAdmin(files, 'POST', '/users', { name, password, isAdmin: false })
  const rpcCookie = await openSessionBeside(files, name)
  const profile = await openProfile(browser)
  const page = await profile.newPage()
  await logIn(page, files.publicUrl, name, password)
  const desk = await profile.newPage()
  await desk.goto(`${files.publicUrl}/favicon.svg`)
  return { name, password, profile, page, desk, rpcCookie }
}

/**
 * A session in the server's database, made by a second process's store: a server of several users opens one only as root and
 * for an account of this host.
 */
export async function openSessionBeside(files: ServerFiles, userName: string): Promise<string> {
  const effects = realEffects()
  const store = await openStore({ directory: files.dataDir, dataDir: files.dataDir, uid: process.getuid?.() ?? 0, effects })
  try {
    const cookieExpiresAt = new Date(effects.now().getTime() + 60 * 60 * 1000)
    const cookie = makeRpcCookie(userName, cookieExpiresAt, effects.randomBytes(32))
    await store.sessions.create({ userName, name: `notebook of ${userName}`, cookieHash: rpcCookieHash(cookie), cookieExpiresAt })
    return cookie
  } finally {
    await store.close()
  }
}

type Desk = Pick<Person, 'desk'>

/** A request that the script of Benchkey's own page makes, in the person's browser. */
export function ask({ desk }: Desk, path: string, body?: object): Promise<PageReply> {
  return desk.evaluate(
    async ({ path, body }) => {
      const headers = { 'content-type': 'application/json', 'x-benchkey-request': '1' }
      const reply = await fetch(path, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) })
      return { status: reply.status, body: await reply.text() }
    },
    { path, ...(body === undefined ? {} : { body }) },
  )
}

/** What the person's own page knows of an integration. */
export async function viewOf(person: Desk, uid: string): Promise<PageIntegration> {
  const reply = await ask(person, `/api/integrations/${uid}`)
  if (reply.status !== 200) throw new Error(`The integration ${uid} answered ${reply.status}: ${reply.body}`)
  return JSON.parse(reply.body) as PageIntegration
}

/** Starts a sign-in in the person's browser and answers the authorization request, which is not opened. */
export async function startSignIn(person: Desk, uid: string): Promise<URL> {
  const reply = await ask(person, `/api/integrations/${uid}/sign-in`, { returnTo: 'settings' })
  if (reply.status !== 200) throw new Error(`The start of the sign-in answered ${reply.status}: ${reply.body}`)
  return new URL((JSON.parse(reply.body) as { url: string }).url)
}
