import type { Phrasing } from './states.ts'

/** What became of a session's report that the access token it was given does not work. */
export type ReportOutcome =
  /** Renewed for it. */
  | 'renewed'
  /** What was reported is not the current token any more. */
  | 'newer_token'
  /** Reported lately already: one renewal for this in ten minutes. */
  | 'too_soon'
  /** The service gave no refresh token. */
  | 'cannot_renew'
  /** The service accepts the token where it says whether one works (`validate-url`). */
  | 'works'
  /** The service refuses refreshes so long before the token's end (`refresh-before`). */
  | 'too_early'

/** What the sentences of a report name. */
export interface ReportFacts {
  /** The integration's display name. */
  readonly name: string
  readonly section: string
  /** When it was reported before. */
  readonly reportedAt?: Date
  readonly retryAfterSeconds?: number
}

/** A report's outcome in words: the fact, then the act. */
export function reportSentenceOf(
  outcome: ReportOutcome,
  { name, section, reportedAt, retryAfterSeconds }: ReportFacts,
  phrasing: Phrasing,
): { readonly explanation: string; readonly action: string } {
  switch (outcome) {
    case 'renewed':
      return { explanation: `Benchkey renewed the token of ${name}.`, action: 'Ask for the token again.' }
    case 'newer_token':
      return { explanation: `There is a newer token of ${name} than the one reported.`, action: 'Ask for the token again.' }
    case 'too_soon':
      return {
        explanation: `A token of ${name} was reported${reportedAt ? ` at ${phrasing.time(reportedAt)}` : ''} already.`,
        action: `If the one you have now does not work either, the service refuses it for another reason; report it again in ${retryAfterSeconds ?? 600} seconds.`,
      }
    case 'works':
      return {
        explanation: `Benchkey asked ${name}, and it accepts the token reported.`,
        action: 'Look at the request itself: its address, its method, and whether it needs access that was not granted.',
      }
    case 'too_early':
      return {
        explanation: `${name} renews a token shortly before its end only, so the one reported was not renewed.`,
        action: `Report it again in ${retryAfterSeconds ?? 600} seconds, or sign in again at ${phrasing.signInLink(section)}.`,
      }
    case 'cannot_renew':
      return {
        explanation: `${name} gave no refresh token, so Benchkey cannot renew the token reported.`,
        action: `Sign in again at ${phrasing.signInLink(section)}.`,
      }
  }
}
