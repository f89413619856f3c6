import { BenchkeyError, type Client } from '@benchkey/sdk'
import * as vscode from 'vscode'
import { needsSignIn, oneLine } from './rows.ts'
import type { SignInDesk } from './sign-in-desk.ts'
import type { Sight, Watch } from './watch.ts'

const ONE_AT_A_TIME = 'Benchkey gives one token at a time: ask with one scope, the section or ID of the integration.'

/**
 * Tokens for other extensions: `vscode.authentication.getSession('benchkey', ['box-integration'])`. The one scope is the section,
 * the display name or the Integration ID. A token is asked for anew each time and kept nowhere.
 */
export class TokenProvider implements vscode.AuthenticationProvider, vscode.Disposable {
  readonly #client: Client
  readonly #watch: Watch
  readonly #desk: SignInDesk
  readonly #changed = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>()
  readonly onDidChangeSessions = this.#changed.event
  #authenticated: ReadonlyMap<string, string> = new Map()

  constructor(client: Client, watch: Watch, desk: SignInDesk) {
    this.#client = client
    this.#watch = watch
    this.#desk = desk
    watch.onSight((sight) => this.#tell(sight))
  }

  /** Nothing without a scope: tokens that nobody asked for are not fetched. */
  async getSessions(scopes: readonly string[] | undefined): Promise<vscode.AuthenticationSession[]> {
    if (!scopes || scopes.length === 0) return []
    const asked = onlyOne(scopes)
    try {
      return [await this.#session(asked)]
    } catch (error) {
      if (error instanceof BenchkeyError && needsSignIn({ state: error.code })) return []
      throw inWords(error)
    }
  }

  /** Sends the user to the page of the integration and waits until they are back. */
  async createSession(scopes: readonly string[]): Promise<vscode.AuthenticationSession> {
    const asked = onlyOne(scopes)
    try {
      const integration = await this.#client.integration(asked)
      if (needsSignIn(integration)) await this.#desk.signIn(integration.uid)
      return await this.#session(asked)
    } catch (error) {
      throw inWords(error)
    }
  }

  /** Signs out: the stored tokens are deleted and revoked. VS Code has asked before. */
  async removeSession(uid: string): Promise<void> {
    try {
      await this.#client.signOut(uid)
    } catch (error) {
      throw inWords(error)
    } finally {
      void this.#watch.look()
    }
  }

  dispose(): void {
    this.#changed.dispose()
  }

  async #session(asked: string): Promise<vscode.AuthenticationSession> {
    const { uid, name, display_name } = await this.#client.integration(asked)
    const { accessToken } = await this.#client.token(uid)
    return { id: uid, accessToken, account: accountOf(uid, name, display_name), scopes: [asked] }
  }

  /** Who listens is told that something changed, and asks for the token if they want it: there is none in the event. */
  #tell({ integrations, trouble }: Sight): void {
    if (trouble) return
    const before = this.#authenticated
    const authenticated = integrations.filter((each) => each.authenticated)
    this.#authenticated = new Map(
      authenticated.map(({ uid, name, display_name }) => [uid, accountOf(uid, name, display_name).label]),
    )
    const added = [...this.#authenticated].filter(([uid]) => !before.has(uid))
    const removed = [...before].filter(([uid]) => !this.#authenticated.has(uid))
    if (added.length + removed.length === 0) return
    this.#changed.fire({ added: added.map(withoutToken), removed: removed.map(withoutToken), changed: [] })
  }
}

/** VS Code keeps its user's consent by this label, so it has to name one integration only. */
function accountOf(uid: string, section: string, displayName: string): vscode.AuthenticationSessionAccountInformation {
  return { id: uid, label: oneLine(displayName === section ? section : `${displayName} (${section})`) }
}

function withoutToken([uid, label]: readonly [string, string]): vscode.AuthenticationSession {
  return { id: uid, accessToken: '', account: { id: uid, label }, scopes: [uid] }
}

function onlyOne(scopes: readonly string[]): string {
  const [asked] = scopes
  if (asked === undefined || scopes.length > 1) throw new Error(ONE_AT_A_TIME)
  return asked
}

/** Errors cross to the other extension as their message alone. */
function inWords(error: unknown): Error {
  return new Error(oneLine(error instanceof Error ? error.message : String(error)))
}
