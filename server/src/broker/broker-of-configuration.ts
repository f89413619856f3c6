import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import type { Actor } from './broker-of-oversight.ts'

/** An administrator, as far as a draft is concerned, and where they come from, as the audit has it. */
export interface Editor extends Pick<User, 'id' | 'name'>, Pick<Actor, 'address'> {
  /** When they typed their password. */
  readonly loggedInAt: Date
}

/** A finding as `config check` has it; `line` is that of the file as it would be written. */
export interface ConfigurationFinding {
  readonly severity: 'error' | 'warning'
  readonly section?: string
  readonly option?: string
  readonly line?: number
  readonly message: string
}

/** A mark with its words, as the pages show it. */
export interface ConfigurationMark {
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly label: string
  readonly explanation?: string
}

/** How a node took the newest version. `text` may hold `{time:ISO}` marks. */
export interface NodeAnswer {
  readonly node: string
  readonly text: string
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly isPending: boolean
}

/** A section as the list shows it. */
export interface ConfiguredSection {
  readonly section: string
  readonly uid?: string
  readonly name: string
  readonly preset?: string
  readonly host?: string
  readonly isDisabled: boolean
  readonly people: number
  readonly mark: ConfigurationMark
  readonly change?: 'added' | 'changed' | 'removed'
}

/** The configuration with what one administrator has not deployed. */
export interface ConfigurationOverview {
  readonly redirectUri: string
  readonly file: string
  readonly version: number
  readonly readOnly?: string
  /** The file is not the one in force, in a sentence. */
  readonly notLoaded?: string
  readonly integrations: readonly ConfiguredSection[]
  readonly changes: readonly string[]
  readonly nodes: readonly NodeAnswer[]
  readonly findings: readonly ConfigurationFinding[]
}

/** One option of the form. */
export interface ConfigurationOption {
  readonly name: string
  readonly label: string
  readonly group: 'client' | 'service' | 'access' | 'people' | 'requests' | 'replies' | 'renewal' | 'network'
  readonly isUsual: boolean
  readonly isRequired: boolean
  readonly default?: string
  readonly meaning: string
  readonly example: string
  readonly isSecret: boolean
  readonly onlyInFile?: string
  readonly choices?: readonly string[]
}

/** A variable of a section's preset. */
export interface SectionVariable {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly example: string
  readonly default?: string
}

/** One section with what is not deployed; secrets are there without their values. */
export interface SectionView {
  readonly section: string
  readonly isNew: boolean
  readonly options: readonly { readonly name: string; readonly value?: string; readonly isSecret: boolean }[]
  readonly findings: readonly ConfigurationFinding[]
  readonly fromPreset: Readonly<Record<string, string>>
  readonly presetVariables: readonly SectionVariable[]
  readonly redirectUri: string
  /** Names the file that this was read from: an edit says so, that two who edit at once are told. */
  readonly basedOn: string
}

/** What was changed in a form. */
export interface SectionFormEdit {
  /** Header; another one than now renames the section. */
  readonly section: string
  /** Null removes an option; one that is absent stays as it is. */
  readonly options: Readonly<Record<string, string | null>>
  /** Of the SectionView it was filled from; absent: the file of now. */
  readonly basedOn?: string
  /** Saved by the form itself while somebody types: the audit has one line for all of them. */
  readonly isAutomatic?: boolean
  /** What the form said of the section when its secrets were typed, secrets apart; absent: what it says with this edit. */
  readonly typedWith?: Readonly<Record<string, string>>
}

/** What is said while somebody types. */
export interface SectionChecked {
  readonly findings: readonly ConfigurationFinding[]
  readonly fromPreset: Readonly<Record<string, string>>
  readonly secretNeeded?: string
  readonly redirectUri: string
}

/** A line of a difference, secrets masked. */
export interface ConfigurationDiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap'
  readonly text: string
  readonly oldLine?: number
  readonly newLine?: number
}

/** Two administrators changed one thing. */
export interface ConfigurationConflict {
  readonly section: string
  readonly option?: string
  readonly yours?: string
  readonly theirs?: string
  readonly by?: string
  readonly at?: Date
}

/** Whose side of a conflict stays. */
export interface ConflictDecision {
  readonly section: string
  readonly option?: string
  readonly keep: 'yours' | 'theirs'
}

/** What a deploy would do. */
export interface ConfigurationReview {
  readonly token: string
  readonly diff: readonly ConfigurationDiffLine[]
  readonly costs: readonly string[]
  readonly findings: readonly ConfigurationFinding[]
  readonly conflicts: readonly ConfigurationConflict[]
  readonly alsoChanged: readonly string[]
  readonly blocked?: string
}

/**
 * How a deploy ended. `conflict`: it has to be looked at again; `recent_login_needed`: the password has to be typed after the last
 * change. Nothing was written.
 */
export type DeployResult =
  | { readonly kind: 'deployed'; readonly version: number }
  | { readonly kind: 'conflict' | 'blocked' | 'recent_login_needed'; readonly sentence: string }

/** A version with its difference to the one before. */
export interface VersionDetails {
  readonly version: ConfigurationVersion
  readonly isCurrent: boolean
  readonly diff: readonly ConfigurationDiffLine[]
}

/** How a reload of all nodes ended; `nodes` is empty where this one refused. */
export interface ReloadedEverywhere {
  readonly applied: boolean
  readonly findings: readonly { readonly severity: 'error' | 'warning'; readonly text: string }[]
  readonly nodes: readonly NodeAnswer[]
}

/** What is sent when a draft is tried out, or why it cannot be. */
export type DraftIntegration = { readonly integration: Integration } | { readonly refusal: string }

/**
 * `oauth-clients.conf` on pages: edited in drafts, one for each administrator, deployed as a whole. No answer holds a secret but
 * `draftIntegration`'s. Rejects with bad_request, in a sentence, for what cannot be done.
 */
export interface ConfigurationManager {
  overview(editor: Editor): Promise<ConfigurationOverview>
  options(): readonly ConfigurationOption[]
  section(editor: Editor, section: string): Promise<SectionView>
  /** `was`: the header now; absent: a new section. */
  check(editor: Editor, edit: SectionFormEdit, was?: string): Promise<SectionChecked>
  keep(editor: Editor, edit: SectionFormEdit, was?: string): Promise<ConfigurationOverview>
  remove(editor: Editor, section: string): Promise<ConfigurationOverview>
  setEnabled(editor: Editor, section: string, isEnabled: boolean): Promise<ConfigurationOverview>
  /** Forgets the change of a section, or all. */
  undo(editor: Editor, section?: string): Promise<ConfigurationOverview>
  review(editor: Editor): Promise<ConfigurationReview>
  resolve(editor: Editor, decision: ConflictDecision): Promise<ConfigurationReview>
  deploy(editor: Editor, token: string): Promise<DeployResult>
  versions(): Promise<readonly (ConfigurationVersion & { readonly isCurrent: boolean })[]>
  version(number: number): Promise<VersionDetails>
  /** What going back to a version would do; from now on that is what the editor's changes are. */
  reviewVersion(editor: Editor, number: number): Promise<ConfigurationReview>
  /** As an account that reads the file anyway: what going back would do, and going back. */
  rollBackReview(number: number): Promise<ConfigurationReview>
  rollBack(number: number, token: string): Promise<DeployResult>
  draftIntegration(userName: string, section: string): Promise<DraftIntegration>
  /** Checks and applies the files on this node, then on all others. */
  reloadEverywhere(by?: Actor): Promise<ReloadedEverywhere>
}
