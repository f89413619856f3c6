import type { ConfigurationVersion } from '../domain/configuration-version.ts'

/** A version that is to be, with its bytes. */
export interface NewVersion {
  readonly contentHash: string
  /** The bytes of `oauth-clients.conf`. */
  readonly content: Uint8Array
  /** User name; absent: the file was edited by hand. */
  readonly by?: string
  readonly rolledBackTo?: number
  readonly summary: string
}

/** What an administrator has not deployed. */
export interface StoredDraft {
  /** Rises with every change. */
  readonly revision: number
  /** JSON; it holds secrets. */
  readonly text: string
}

/** Which files a server process runs, and how it took the last reload it knows of. */
export interface NodeFiles {
  readonly incarnation: string
  /** Host and directory: alike exactly where two processes read the same file. */
  readonly place: string
  /** Of the `oauth-clients.conf` it runs. */
  readonly contentHash: string
  readonly reloadNumber: number
  /** The first finding, when it refused the files it found. */
  readonly refusal?: string
  readonly answeredAt: Date
}

/** Versions of `oauth-clients.conf`, drafts, and how the nodes are. Contents and drafts are encrypted. */
export interface ConfigurationStore {
  /**
   * A deploy begins: nobody else's does for `forMs`, and the version is kept before the file is written. Undefined: another one is
   * under way. An announced version counts for nothing until `confirm`.
   */
  announce(version: NewVersion, holder: string, forMs: number): Promise<number | undefined>
  /** The file is written: the version is in force, and the deploy of `holder` is over. */
  confirm(number: number, holder: string): Promise<void>
  /** The file was not written. */
  withdraw(number: number, holder: string): Promise<void>
  /**
   * A process runs these bytes: the version that is in force by now. One that was announced is confirmed by that; bytes that are
   * not those of the newest version become one of their own, unless `isOld` says that they are known to be behind.
   */
  inForce(
    version: Omit<NewVersion, 'by' | 'rolledBackTo'> & { readonly configurationHash: string; readonly isOld: boolean },
  ): Promise<ConfigurationVersion>
  /**
   * Keeps bytes that were in force nowhere, and after them the version in force once more, so that it stays that: their numbers. Undefined
   * while a deploy is under way.
   */
  keepBeside(found: NewVersion): Promise<{ readonly found: number; readonly inForce: number } | undefined>
  /** Those that were in force, newest first. */
  versions(): Promise<readonly ConfigurationVersion[]>
  newest(): Promise<ConfigurationVersion | undefined>
  /** The newest one whose integrations have this hash (`nodes.configuration_hash`). */
  versionOfHash(configurationHash: string): Promise<number | undefined>
  /** Decrypts. Undefined when there is none. */
  content(number: number): Promise<Buffer | undefined>
  draft(userId: string): Promise<StoredDraft | undefined>
  /** False when another change of the same administrator was quicker. `revision` undefined: there is none yet. */
  saveDraft(userId: string, revision: number | undefined, text: string): Promise<boolean>
  /** Only at this revision; true when it is gone. */
  removeDraft(userId: string, revision: number): Promise<boolean>
  removeDraftsBefore(at: Date): Promise<number>
  /** The number of the last reload that all nodes were asked for. */
  reloadNumber(): Promise<number>
  /** Asks all nodes for a reload: its number. */
  askForReload(): Promise<number>
  /** A node says which files it runs. */
  answer(files: Omit<NodeFiles, 'answeredAt'>): Promise<void>
  /** Those of processes that are in the list of nodes. */
  nodeFiles(): Promise<readonly NodeFiles[]>
}
