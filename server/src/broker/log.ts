/** Where the broker reports what no caller hears; pino's logger fits. Neither sentence nor facts ever hold a secret. */
export interface Log {
  warn(facts: Readonly<Record<string, string | number>>, sentence: string): void
  error(facts: Readonly<Record<string, string | number>>, sentence: string): void
}

/** The class and code of a failure, for the log: messages of foreign errors may quote what was sent. */
export function kindOfFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return typeof failure
  const code = 'code' in failure && typeof failure.code === 'string' ? ` ${failure.code}` : ''
  return `${failure.name}${code}`
}
