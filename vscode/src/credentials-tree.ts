import * as vscode from 'vscode'
import { type Fact, oneLine, type Row, rowOf } from './rows.ts'
import type { Sight, Watch } from './watch.ts'

/** A line of the view: an integration, or one of its facts. */
export type Line =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'fact'; readonly fact: Fact; readonly of: string }

const ICONS = {
  authenticated: new vscode.ThemeIcon('key'),
  'not-signed-in': new vscode.ThemeIcon('lock'),
  'configuration-error': new vscode.ThemeIcon('error'),
} as const

const EMPTY = 'No integrations yet. Your administrator adds them; they appear here by themselves.'

/** The view *Available Credentials* over what a watch sees; it watches while it can be seen. */
export class CredentialsTree implements vscode.TreeDataProvider<Line>, vscode.Disposable {
  readonly #view: vscode.TreeView<Line>
  readonly #changed = new vscode.EventEmitter<void>()
  readonly onDidChangeTreeData = this.#changed.event
  #lines: readonly Line[] = []

  constructor(watch: Watch) {
    this.#view = vscode.window.createTreeView<Line>('benchkey.credentials', { treeDataProvider: this })
    this.#view.onDidChangeVisibility(({ visible }) => watch.setVisible(visible))
    watch.onSight((sight) => this.#show(sight))
    watch.setVisible(this.#view.visible)
  }

  getChildren(line?: Line): Line[] {
    if (line?.kind === 'fact') return []
    if (line) return line.row.facts.map((fact) => ({ kind: 'fact', fact, of: line.row.uid }))
    return [...this.#lines]
  }

  getTreeItem(line: Line): vscode.TreeItem {
    return line.kind === 'row' ? itemOfRow(line.row) : itemOfFact(line.fact, line.of)
  }

  dispose(): void {
    this.#view.dispose()
    this.#changed.dispose()
  }

  /** Trouble stands above what was seen before it. Nothing moves under the pointer while nothing has changed. */
  #show({ integrations, trouble }: Sight): void {
    this.#view.message = trouble ? oneLine(trouble.message) : integrations.length === 0 ? EMPTY : ''
    const lines = integrations.map((integration): Line => ({ kind: 'row', row: rowOf(integration) }))
    if (JSON.stringify(lines) === JSON.stringify(this.#lines)) return
    this.#lines = lines
    this.#changed.fire()
  }
}

function itemOfRow(row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.name, vscode.TreeItemCollapsibleState.Collapsed)
  item.id = row.uid
  item.description = row.description
  item.tooltip = row.tooltip
  item.iconPath = ICONS[row.standing]
  item.accessibilityInformation = { label: row.spoken }
  const can = [...(row.canSignIn ? ['signIn'] : []), ...(row.canSignOut ? ['signOut'] : []), ...(row.message ? ['tell'] : [])]
  item.contextValue = ['integration', ...can].join(' ')
  return item
}

function itemOfFact({ label, value }: Fact, of: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None)
  item.id = `${of} ${label}`
  item.description = value === '' ? 'none' : oneLine(value)
  item.tooltip = `${label}: ${oneLine(value)}`
  item.contextValue = value === '' ? 'nothing' : 'fact'
  return item
}
