import { createClient } from '@benchkey/sdk'
import * as vscode from 'vscode'
import { registerCommands } from './commands.ts'
import { CredentialsTree } from './credentials-tree.ts'
import { type News, newsOf, statusOf, type Told } from './news.ts'
import { oneLine, rowOf } from './rows.ts'
import { SignInDesk } from './sign-in-desk.ts'
import { TokenProvider } from './token-provider.ts'
import { Watch } from './watch.ts'

/** What was told already, in VS Code's own memory of this extension. */
const TOLD = 'told'

/** Called by VS Code when the window has started, or when an extension asks for a token. */
export function activate({ subscriptions, globalState }: vscode.ExtensionContext): void {
  const client = createClient()
  const watch = new Watch({ list: (signal) => client.integrations({ signal }), later })
  const desk = new SignInDesk(client, watch)
  const provider = new TokenProvider(client, watch, desk)
  subscriptions.push(
    watch,
    new CredentialsTree(watch),
    provider,
    vscode.authentication.registerAuthenticationProvider('benchkey', 'Benchkey', provider),
    registerCommands({ client, watch, desk }),
    showStatus(watch),
    // Whoever comes back from the page of a service sees at once what became of it.
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) void watch.look()
    }),
  )
  tellNews(globalState, watch, desk)
  void watch.look()
}

function later(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

/** "1 sign-in needed", and nothing where none is. */
function showStatus(watch: Watch): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('benchkey.status', vscode.StatusBarAlignment.Left)
  item.name = 'Benchkey'
  item.command = 'benchkey.credentials.focus'
  watch.onSight(({ integrations, trouble }) => {
    const status = trouble ? undefined : statusOf(integrations)
    if (!status) return item.hide()
    item.text = `$(key) ${status.text}`
    item.tooltip = status.tooltip
    item.accessibilityInformation = { label: status.text }
    item.show()
  })
  return item
}

/** One notification for each integration and change, also over windows and days. */
function tellNews(memory: vscode.Memento, watch: Watch, desk: SignInDesk): void {
  watch.onSight(({ integrations, trouble }) => {
    if (trouble) return
    const { news, told } = newsOf(integrations, memory.get<Told>(TOLD) ?? {})
    void memory.update(TOLD, told)
    for (const each of news) {
      const integration = integrations.find(({ uid }) => uid === each.uid)
      void tell(each, integration && rowOf(integration).message, desk)
    }
  })
}

async function tell({ uid, sentence, offers }: News, message = sentence, desk: SignInDesk): Promise<void> {
  const button = offers === 'sign-in' ? 'Sign In' : 'Copy Message for Your Administrator'
  if ((await vscode.window.showWarningMessage(sentence, button)) !== button) return
  if (offers === 'message') return vscode.env.clipboard.writeText(message)
  try {
    await desk.signIn(uid)
  } catch (error) {
    void vscode.window.showWarningMessage(oneLine(error instanceof Error ? error.message : String(error)))
  }
}
