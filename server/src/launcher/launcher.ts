import type { ProcessMark } from './processes.ts'

/** What stands in the way of a session, in one sentence for people; it holds no secret. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError'
}

/** What a launcher starts: one application for one session. Its runtime directory has been made (`runtime-directories.ts`). */
export interface LaunchSpec {
  readonly sessionId: string
  /** The Unix account it runs as; undefined: the server's own (`single-user=1`). */
  readonly account: string | undefined
  /** Program and arguments; started without a shell. */
  readonly words: readonly string[]
  /** The whole environment, but for what the account's own login adds. */
  readonly environment: Readonly<Record<string, string>>
  /** The session's own directory; its runtime directory and its socket lie in it. */
  readonly directory: string
}

/** What of a started session is stored, so that any later server process can look after it and end it. */
export interface LaunchHandle {
  readonly sessionId: string
  readonly account: string | undefined
  readonly directory: string
  /** Leader of the application's process group on this host; undefined: nobody knows whether it was started. */
  readonly leader: ProcessMark | undefined
}

/** How a start ended. `failed`: a sentence without a full stop, and nothing of it runs. */
export type Started =
  | { readonly kind: 'started'; readonly leader: ProcessMark }
  | { readonly kind: 'failed'; readonly words: string }

/**
 * How a started application is. `starting`: the launcher has it in hand and it does not run yet. `gone`: it ended; the words say
 * how, without a full stop, when that is known.
 */
export type Polled = { readonly state: 'starting' | 'running' } | { readonly state: 'gone'; readonly words?: string }

/**
 * What runs the applications of sessions. Three verbs; what they leave behind is a handle, so that no process of ours has to
 * live as long as a session does.
 */
export interface Launcher {
  /** Called once for a session, when its runtime directory is there. Rejects only when nobody can tell whether it started: then `stop`. */
  start(spec: LaunchSpec): Promise<Started>
  /** Called any time after `start`, by any server process of the host, as often as every second. */
  poll(handle: LaunchHandle): Promise<Polled>
  /**
   * Called any time, also before `start` has ended and when it was never called; twice is the same as once. SIGTERM to the process
   * group, SIGKILL after 10 s to everything of the session that still runs. Resolves when nothing does.
   */
  stop(handle: LaunchHandle): Promise<void>
}
