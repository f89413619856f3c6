/** Where the broker reports what no caller hears: one plain sentence, and facts that never hold a secret. */
export interface Log {
  warn(sentence: string, facts?: Readonly<Record<string, string | number>>): void
  error(sentence: string, facts?: Readonly<Record<string, string | number>>): void
}

/** The class and code of a failure, for the log: messages of foreign errors may quote what was sent. */
export function kindOfFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure
  const code = 'code' in failure && typeof failure.code === 'string' ? ` ${failure.code}` : ''
  return `${failure.name}${code}`
}
