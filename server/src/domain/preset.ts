/** A known provider: what a section of `oauth-clients.conf` need not say when it names it (`preset=`). */
export interface Preset {
  /** The word after `preset=`. */
  readonly id: string
  readonly name: string
  /** The provider's own documentation, which the options were taken from. */
  readonly source: string
  /** Where Benchkey is registered as a client there; may hold `{variable}`. */
  readonly register?: string
  /** How, step by step; may hold `code` in backquotes, `{redirect-uri}` and `{variable}`. */
  readonly steps: readonly string[]
  readonly variables: readonly PresetVariable[]
  /** Options of `oauth-clients.conf` by name, in the order of the file; may hold `{variable}`. */
  readonly options: Readonly<Record<string, string>>
  /** One of these has to be asked for, else there is no refresh token; empty: there is one anyway, or by other means. */
  readonly refreshScopes: readonly string[]
  /** What is peculiar there, in sentences. */
  readonly quirks: readonly string[]
}

/** A part of a preset that is another one for each customer: option `preset-<name>`. */
export interface PresetVariable {
  readonly name: string
  readonly label: string
  readonly meaning: string
  readonly kind: PresetVariableKind
  readonly example: string
  readonly default?: string
  /** When it knows no others (kind `choice`). */
  readonly choices: readonly string[]
}

/**
 * What a variable may be: one label of a host name, several with full stops between them, a host of one's own with port and base
 * path, one segment of a path, or one of some words. None of them can change whose host a URL leads to, but `server`, which is
 * that host.
 */
export type PresetVariableKind = 'label' | 'labels' | 'server' | 'segment' | 'choice'
