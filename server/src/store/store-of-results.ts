import type { LeaseHolder } from './store-of-nodes.ts'
import type { ResultFacts, TokenResult } from './token-results.ts'

/**
 * What token requests brought and the database does not have yet (refresh.md, *Who may send*): on the disk, so that it outlives the
 * process. Each process writes a file of its own and takes over those of dead ones.
 */
export interface Journal {
  /** Whether a result is written before the database is asked to take it, and kept for a while after it has. */
  readonly writesAhead: boolean
  /** Room for what a token request will bring. Rejects with StoreError `full` or `io`: then no request may be sent. */
  reserve(): Promise<JournalRoom>
  /** Results of this process and of those it took over, of one row or all, in the order in which their requests were sent. */
  entries(tokenId?: string): readonly JournalEntry[]
  /** Takes over the files of processes that are gone: a rename, which one of several takers wins. */
  adopt(isGone: (owner: JournalOwner) => Promise<boolean>): Promise<JournalFindings>
  /** Leaves what waits or is kept to whoever comes next. */
  close(): Promise<void>
}

/** Room in a journal for one token request, until it is over. */
export interface JournalRoom {
  /** Durable when the promise resolves. Rejects with StoreError `full` or `io`. */
  write(result: TokenResult): Promise<JournalEntry>
  /** What was not used is free for others. */
  release(): void
}

/** `waiting`: the database is not known to have it. `kept`: it was committed, and may be lost with the last commits of a failover. */
export type EntryState = 'waiting' | 'kept'

/** One result in a journal. */
export interface JournalEntry {
  readonly facts: ResultFacts
  readonly state: EntryState
  /** Whoever brought it is saving it: nobody else needs to. */
  isBusy: boolean
  /** The database's epoch in which it was found there. */
  epoch: string | undefined
  /** Rejects with StoreError `unreadable` when it does not open any more. */
  read(): Promise<TokenResult>
  /** The database has it. It stays, in case a failover loses the commit. */
  keep(): Promise<void>
  /** It is of no use any more, and overwritten. */
  free(): Promise<void>
}

/** Whose a journal of another process is, as far as it tells. */
export interface JournalOwner {
  readonly incarnation: string
  readonly holder?: LeaseHolder
  /** When it was last written. */
  readonly modifiedAt: Date
}

/** What was wrong with journals of dead processes: sentences without secrets. */
export type JournalFindings = readonly string[]

/** Where the journals of all server processes of one data directory lie: an effect, so that a simulator has its own. */
export interface JournalFolder {
  /** How a person finds it. */
  readonly path: string
  list(): Promise<readonly { readonly name: string; readonly modifiedAt: Date }[]>
  /** A new file of these bytes, durable when the promise resolves. Rejects with StoreError `full` or `io`, and leaves nothing. */
  create(name: string, content: Uint8Array): Promise<JournalHandle>
  /** Undefined when it is gone. Rejects with StoreError `io` when it is not the server's own. */
  open(name: string): Promise<JournalHandle | undefined>
  /** True for the one caller that moved it. */
  rename(from: string, to: string): Promise<boolean>
  /** Fine when it is gone. */
  remove(name: string): Promise<void>
}

/** One open journal. */
export interface JournalHandle {
  /** The whole file. */
  readAll(): Promise<Buffer>
  /** What stands there; shorter at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
  /** Durable when the promise resolves. Rejects with StoreError `full` or `io`. */
  write(pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): Promise<void>
  /** Outlives the process when the promise resolves, but perhaps not the host. */
  mark(offset: number, bytes: Uint8Array): Promise<void>
  /** Whether the file still has the name it was opened by: else another process has claimed it. */
  isInPlace(): Promise<boolean>
  close(): Promise<void>
}
