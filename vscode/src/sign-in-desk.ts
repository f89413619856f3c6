import type { Client, WireIntegrationDetails } from '@benchkey/sdk'
import * as vscode from 'vscode'
import { oneLine } from './rows.ts'
import { type Outcome, waitForSignIn } from './sign-in.ts'
import type { Watch } from './watch.ts'

/** Sends people to the page where they sign in, and waits for them: the click that signs in is on that page alone. */
export class SignInDesk {
  readonly #client: Client
  readonly #watch: Watch
  readonly #waiting = new Map<string, Promise<void>>()

  constructor(client: Client, watch: Watch) {
    this.#client = client
    this.#watch = watch
  }

  /**
   * Opens the page of an integration and resolves when its user has signed in; one that is waited for already is opened again and
   * waited for once. Rejects with a sentence when they cancel, the service refuses, or nobody comes.
   */
  async signIn(uid: string): Promise<void> {
    const before = await this.#client.integration(uid)
    const isOpen = await vscode.env.openExternal(pageAt(before.link))
    if (!isOpen) throw new Error(`The page was not opened. Sign in to ${oneLine(before.display_name)} at ${before.link}.`)
    const waiting = this.#waiting.get(uid) ?? this.#wait(before).finally(() => this.#waiting.delete(uid))
    this.#waiting.set(uid, waiting)
    await waiting
  }

  async #wait(before: WireIntegrationDetails): Promise<void> {
    const name = oneLine(before.display_name)
    const progress = { location: vscode.ProgressLocation.Notification, cancellable: true }
    try {
      await vscode.window.withProgress(
        { ...progress, title: `Waiting for your sign-in to ${name} in the browser` },
        async (_, token) => {
          const cancelled = new AbortController()
          token.onCancellationRequested(() => cancelled.abort(new Error(`You can still sign in to ${name} at ${before.link}.`)))
          assertSignedIn(await waitForSignIn(this.#client, before, sleep, cancelled.signal), before)
        },
      )
    } finally {
      void this.#watch.look()
    }
  }
}

/**
 * code-server leads `localhost:PORT` through its own proxy of ports, where Benchkey does not answer. It looks for small letters, and to
 * browsers the case of a host makes no difference.
 */
function pageAt(link: string): vscode.Uri {
  const uri = vscode.Uri.parse(link, true)
  return uri.with({ authority: uri.authority.replace(/^localhost(?=:)/, 'LOCALHOST') })
}

function assertSignedIn(outcome: Outcome, before: WireIntegrationDetails): void {
  if (outcome.kind === 'failed') throw new Error(outcome.sentence)
  if (outcome.kind === 'nobody-came') {
    throw new Error(`Nobody signed in to ${oneLine(before.display_name)} in ten minutes. You can still do it at ${before.link}.`)
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
