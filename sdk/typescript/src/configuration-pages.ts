import type { PageMark } from './admin-pages.ts'

/*
 * The Configuration Manager's calls, all below `/api/admin/` and for administrators only. No answer holds a secret.
 */

// ── Configuration Manager ──

/** `GET /api/admin/configuration`. */
export interface PageConfiguration {
  readonly redirectUri: string
  /** Path of `oauth-clients.conf`. */
  readonly file: string
  /** Number of the version in force. */
  readonly version: number
  /** Why nothing can be changed on this page, and what to do instead, in sentences; absent: it can. */
  readonly readOnly?: string
  /** That the file was edited by hand, what was changed, and that it is not loaded; absent: it is the one in force. */
  readonly notLoaded?: string
  /** In file order, with what is not deployed; removed ones too. */
  readonly integrations: readonly PageConfiguredIntegration[]
  /** Sections whose changes by this administrator are not deployed. */
  readonly changes: readonly string[]
  readonly nodes: readonly PageNodeAnswer[]
  /** What is wrong with the file as it stands (`config check`). */
  readonly findings: readonly PageFinding[]
}

/** A section of the file as the list shows it. */
export interface PageConfiguredIntegration {
  readonly section: string
  /** Absent where the section has none yet. */
  readonly uid?: string
  readonly name: string
  /** ID of its preset. */
  readonly preset?: string
  readonly host?: string
  readonly isDisabled: boolean
  readonly people: number
  readonly mark: PageMark
  readonly change?: 'added' | 'changed' | 'removed'
}

/** How a node answered the newest version. */
export interface PageNodeAnswer {
  readonly node: string
  /** "runs 42", "does not answer since {time:…}", "refused 42: …". */
  readonly text: string
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly isPending: boolean
}

/** A finding as `config check` prints it. */
export interface PageFinding {
  readonly severity: 'error' | 'warning'
  readonly section?: string
  readonly option?: string
  /** Of the file as it would be written; absent for what is not about a line. */
  readonly line?: number
  readonly message: string
}

/** `GET /api/admin/configuration/options`: the form is made of this. */
export interface PageOptions {
  readonly options: readonly PageOption[]
}

/** One option of a section. */
export interface PageOption {
  readonly name: string
  /** Words for the label: "Token URL". */
  readonly label: string
  readonly group: 'client' | 'service' | 'access' | 'people' | 'requests' | 'replies' | 'renewal' | 'network'
  /** Shown at once; the others under **More options**. */
  readonly isUsual: boolean
  readonly isRequired: boolean
  readonly default?: string
  /** May hold `code` in backquotes. */
  readonly meaning: string
  readonly example: string
  /** Written, never read. */
  readonly isSecret: boolean
  /** Only in the file, and why. */
  readonly onlyInFile?: string
  /** When it knows no others. */
  readonly choices?: readonly string[]
}

/** `GET /api/admin/configuration/sections/:section`, with what is not deployed. */
export interface PageSection {
  readonly section: string
  readonly isNew: boolean
  /** Options as written, in the order of the file. A secret is there without its value. */
  readonly options: readonly PageSectionOption[]
  readonly findings: readonly PageFinding[]
  /** What a preset brings for options that are not written. */
  readonly fromPreset: Readonly<Record<string, string>>
  /** Names of the preset's variables, in order. */
  readonly presetVariables: readonly PagePresetVariable[]
  readonly redirectUri: string
  /** Names the file this was read from; goes back in PageSectionEdit, so that two who edit at once are told. */
  readonly basedOn: string
}

/** An option of a section as written. */
export interface PageSectionOption {
  readonly name: string
  /** Absent for secrets. */
  readonly value?: string
  readonly isSecret: boolean
}

/**
 * What was changed in the form, and no more: an option that is absent here stays as it is, so that an edit of somebody else's that this
 * form has not seen is not undone. `null` removes an option; a secret is here only when it was typed.
 */
export interface PageSectionEdit {
  /** Header; another one than in the path renames it (its Integration ID stays). */
  readonly section: string
  readonly options: Readonly<Record<string, string | null>>
  /** Of the PageSection that the form was filled from; absent: the file of now. */
  readonly basedOn?: string
  /** The form saved it by itself, while one typed: the audit has one line for all of them. */
  readonly isAutomatic?: boolean
  /**
   * What the form said of the section when its secrets were typed, secrets apart: they count for these addresses and no others, where
   * another window has changed them meanwhile. Absent: what the section says with this edit.
   */
  readonly typedWith?: Readonly<Record<string, string>>
}

/** `POST /api/admin/configuration/check` with PageSectionEdit and `was` (the section's header now; absent for a new one): while typing. */
export interface PageSectionCheck {
  readonly findings: readonly PageFinding[]
  readonly fromPreset: Readonly<Record<string, string>>
  /** The secret has to be typed again, and why. */
  readonly secretNeeded?: string
  /** The redirect URI to register for it. */
  readonly redirectUri: string
}

/*
 * `PUT /api/admin/configuration/sections/:section` with PageSectionEdit keeps a change for this administrator → PageConfiguration; a new
 * section: `POST /api/admin/configuration/sections`. `POST …/sections/:section/remove`, `…/sections/:section/undo` (forget the change),
 * `…/sections/:section/enable`, `…/sections/:section/disable`; `POST /api/admin/configuration/undo` forgets all.
 */

/** `GET /api/admin/configuration/review`: what **Deploy** would do. */
export interface PageReview {
  /** Hand it in to deploy; void as soon as the file or the changes are others. */
  readonly token: string
  /** Secrets are masked. Empty: nothing changes. */
  readonly diff: readonly PageDiffLine[]
  /** "34 people have to sign in again: the token URL of Box API Access changed." */
  readonly costs: readonly string[]
  readonly findings: readonly PageFinding[]
  /** Somebody else changed the same options meanwhile; each has to be decided before deploying. */
  readonly conflicts: readonly PageConflict[]
  /** Somebody else changed something else meanwhile: it stays. Who, when, what. */
  readonly alsoChanged: readonly string[]
  /** Why it cannot be deployed now; absent: it can. */
  readonly blocked?: string
}

/** A line of a diff. */
export interface PageDiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'gap'
  readonly text: string
  /** Of the old file, and of the new one. */
  readonly oldLine?: number
  readonly newLine?: number
}

/** Two administrators changed one option. `POST /api/admin/configuration/resolve` with PageResolution decides. */
export interface PageConflict {
  readonly section: string
  /** Absent: the section as a whole (removed by one of the two). */
  readonly option?: string
  /** Absent: not written. Masked for secrets. */
  readonly yours?: string
  readonly theirs?: string
  readonly by?: string
  readonly at?: string
}

/** Whose value stays. → PageReview */
export interface PageResolution {
  readonly section: string
  readonly option?: string
  readonly keep: 'yours' | 'theirs'
}

/** `POST /api/admin/configuration/deploy` → PageDeployed. 409 `conflict`: look at the review again. Needs a recent login. */
export interface PageDeploy {
  readonly token: string
}

/** What was deployed; how the nodes take it is in PageConfiguration.nodes. */
export interface PageDeployed {
  readonly version: number
}

/** `GET /api/admin/configuration/versions`: newest first. */
export interface PageVersions {
  readonly versions: readonly PageVersion[]
}

/** A version of `oauth-clients.conf` that was in force. */
export interface PageVersion {
  readonly number: number
  readonly at: string
  /** Administrator; or "the file" for one that was edited by hand. */
  readonly by: string
  /** "added Box API Access; changed Salesforce". */
  readonly summary: string
  readonly isCurrent: boolean
}

/** `GET /api/admin/configuration/versions/:number`: its difference to the one before. */
export interface PageVersionDetails extends PageVersion {
  readonly diff: readonly PageDiffLine[]
}

/*
 * `POST /api/admin/configuration/versions/:number/review` → PageReview of going back to it (its changes replace all of yours);
 * deploying that token rolls back. `POST /api/admin/configuration/reload` → PageReloaded: checks and applies the files, here and on all nodes.
 */

/** How a reload of all nodes ended; nothing was applied where a finding is an error. */
export interface PageReloaded {
  readonly applied: boolean
  /** As `config check` prints them. */
  readonly findings: readonly { readonly severity: 'error' | 'warning'; readonly text: string }[]
  readonly nodes: readonly PageNodeAnswer[]
}

// ── Presets ──

/** `GET /api/admin/presets`, by name. */
export interface PagePresets {
  readonly presets: readonly PagePreset[]
}

/** A known provider. */
export interface PagePreset {
  readonly id: string
  readonly name: string
  /** The provider's own documentation. */
  readonly source: string
  /** Where Benchkey is registered as a client there; may hold `{variable}`. */
  readonly register?: string
  /** How, step by step; may hold `code` in backquotes, **names** of buttons and pages, and `{variable}`; the redirect URI is filled in. */
  readonly steps: readonly string[]
  readonly variables: readonly PagePresetVariable[]
  /** Options it brings; may hold `{variable}`. */
  readonly options: Readonly<Record<string, string>>
  /** One of these has to be asked for, else there is no refresh token. */
  readonly refreshScopes: readonly string[]
  /** What is peculiar there, in sentences. */
  readonly quirks: readonly string[]
}

/** A variable of a preset: option `preset-<name>`. */
export interface PagePresetVariable {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly example: string
  readonly default?: string
  /** When it knows no others. */
  readonly choices?: readonly string[]
}

// ── Verify ──

/**
 * `POST /api/admin/configuration/sections/:section/test` with `{}`: the section with what is not deployed. Needs the secret typed again
 * where PageSectionCheck.secretNeeded says so. `POST /api/admin/verify-server`: public URL and callback address.
 */
export interface PageVerification {
  /** Absent: the server itself. */
  readonly section?: string
  readonly name: string
  readonly isWell: boolean
  readonly at: string
  /** In this order: what the administrator does, what is done at the service, what the network team does; then what is fine. */
  readonly groups: readonly PageVerificationGroup[]
}

/** Who has to act. */
export interface PageVerificationGroup {
  readonly title: string
  readonly checks: readonly PageVerificationCheck[]
}

/** One thing that was looked at. */
export interface PageVerificationCheck {
  readonly id: string
  readonly outcome: 'ok' | 'warning' | 'failed' | 'unknown'
  /** What is so. */
  readonly fact: string
  /** What to do; absent when all is well. */
  readonly action?: string
  /** `oauth-clients.conf:12`, the line to change. */
  readonly place?: string
  /** To copy: the redirect URI to register, the line to write. */
  readonly copy?: string
}
