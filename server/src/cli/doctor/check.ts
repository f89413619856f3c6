/** What one check of `benchkey doctor` found. Nothing in it is secret. */
export interface Check {
  /** Stable, for scripts. */
  readonly check: string
  /** `skipped`: there was nothing to check, and that is fine. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  /** One sentence: the fact. */
  readonly explanation: string
  /** One sentence: what to do. */
  readonly action?: string
  /** True when the server may just be away, so that later may help. */
  readonly mayPass?: boolean
}

/** The variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>

/** All is well. */
export const ok = (check: string, explanation: string): Check => ({ check, outcome: 'ok', explanation })

/** It works, or may work, and something wants attention. */
export function warning(check: string, explanation: string, action: string): Check {
  return { check, outcome: 'warning', explanation, action }
}

/** Tokens do not come this way. */
export function failed(check: string, explanation: string, action: string): Check {
  return { check, outcome: 'failed', explanation, action }
}

/** What to do about a session that is over or was never there. */
export const OPEN_ANOTHER = 'Open a new session, or log this terminal in again: benchkey login.'

/** What was found outside, safe for a terminal: one line, at most 200 characters. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 200)
}

/** `ECONNREFUSED`, or the message of an error without a code. */
export function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
