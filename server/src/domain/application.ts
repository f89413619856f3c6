/** What `{…}` stands for in the words of a command and in the values beside it, known when a session starts. */
export const SESSION_FACTS = [
  'socket',
  'port',
  'secret',
  'base-path',
  'id',
  'name',
  'runtime-dir',
  'home',
  'user',
  'public-url',
] as const

/** Names of facts and what they are. */
export type Facts = Readonly<Partial<Record<string, string>>>

/** Puts facts in the place of their `{…}`, once; braces around anything else stay as they are. */
export function fillTemplate(text: string, facts: Facts): string {
  return text.replace(/\{([a-z]+(?:-[a-z]+)*)\}/g, (whole, name: string) => facts[name] ?? whole)
}

/** The path of a session's pages on the sessions' address. */
export function sessionPath(sessionId: string): string {
  return `/s/${sessionId}/`
}

/**
 * An application that sessions run, as `sessions.conf` describes it: VS Code, Jupyter, a terminal. In the words of `command`
 * and the values of `environment` and `secretHeader`, `{…}` stands for one of `SESSION_FACTS`; `{base-path}` is `/s/<id>/`.
 */
export interface Application {
  /** Section of `sessions.conf`. */
  readonly section: string
  readonly displayName: string
  /** One of ours: `code`, `notebook`, `terminal`, `r`, `positron`. */
  readonly icon: string
  /** Program and arguments; started without a shell. */
  readonly command: readonly string[]
  /** Where it answers HTTP: a Unix socket at `{socket}`, or port `{port}` of 127.0.0.1. */
  readonly listen: 'socket' | 'port'
  /** What the proxy sends with every request, so that only the proxy is answered; always there with `port`. */
  readonly secretHeader?: { readonly name: string; readonly value: string }
  /** The path, below its base path, that answers with less than 500 when it is ready; starts with a slash. */
  readonly readyPath: string
  /** How long it may take until it is ready. */
  readonly readySeconds: number
  /** What it sees of `/s/<id>/…`: `strip`: only what follows; `keep`: all of it. */
  readonly basePath: 'strip' | 'keep'
  readonly environment: Readonly<Record<string, string>>
  /** Integration IDs its sessions are limited to unless chosen otherwise; absent: all. */
  readonly limitedTo?: readonly string[]
  /** Whether its program is on this host. */
  readonly isFound: boolean
}
