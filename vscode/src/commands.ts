import type { Client } from '@benchkey/sdk'
import * as vscode from 'vscode'
import type { Line } from './credentials-tree.ts'
import { oneLine, type Row, rowOf } from './rows.ts'
import type { SignInDesk } from './sign-in-desk.ts'
import type { Watch } from './watch.ts'

/** What the commands work with. */
export interface CommandParts {
  readonly client: Client
  readonly watch: Watch
  readonly desk: SignInDesk
}

/** The commands of the view, its lines and the command palette; there one chooses the integration. */
export function registerCommands({ client, watch, desk }: CommandParts): vscode.Disposable {
  const onRow = (fits: (row: Row) => boolean, act: (row: Row) => Promise<void>) => async (line?: Line) => {
    const row = line?.kind === 'row' ? line.row : await choose(watch, fits)
    if (row) await inView(act(row))
  }
  const commands: Readonly<Record<string, (line?: Line) => Promise<void>>> = {
    'benchkey.signIn': onRow(
      ({ canSignIn }) => canSignIn,
      ({ uid }) => desk.signIn(uid),
    ),
    'benchkey.signOut': onRow(
      ({ canSignOut }) => canSignOut,
      (row) => signOut(row, client, watch),
    ),
    'benchkey.refresh': () => watch.look(),
    'benchkey.copyId': onRow(
      () => true,
      ({ uid }) => copy(uid),
    ),
    'benchkey.copyValue': async (line) => (line?.kind === 'fact' ? copy(line.fact.value) : undefined),
    'benchkey.copyMessage': onRow(
      ({ message }) => message !== undefined,
      ({ message = '' }) => copy(message),
    ),
  }
  const registered = Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run))
  return vscode.Disposable.from(...registered)
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text)
  vscode.window.setStatusBarMessage('Copied', 2_000)
}

async function signOut({ uid, name }: Row, client: Client, watch: Watch): Promise<void> {
  const detail = 'Benchkey deletes the stored tokens and asks the service to revoke them. Code that runs stops getting tokens.'
  const answer = await vscode.window.showWarningMessage(`Sign out of ${name}?`, { modal: true, detail }, 'Sign Out')
  if (answer !== 'Sign Out') return
  try {
    await client.signOut(uid)
  } finally {
    await watch.look()
  }
}

/** From the command palette; undefined when nobody chose. */
async function choose(watch: Watch, fits: (row: Row) => boolean): Promise<Row | undefined> {
  await watch.look()
  const { integrations = [], trouble } = watch.sight ?? {}
  if (trouble) void vscode.window.showErrorMessage(oneLine(trouble.message))
  const rows = integrations.map(rowOf).filter(fits)
  if (rows.length === 0) {
    if (!trouble) void vscode.window.showInformationMessage('There is no integration to do this with.')
    return undefined
  }
  const items = rows.map((row) => ({ label: row.name, description: row.description, row }))
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Which integration?' }))?.row
}

/** A failure is shown as its one sentence. */
async function inView(act: Promise<void>): Promise<void> {
  try {
    await act
  } catch (error) {
    void vscode.window.showWarningMessage(oneLine(error instanceof Error ? error.message : String(error)))
  }
}
