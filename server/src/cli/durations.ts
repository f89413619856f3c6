import { CliError, EXIT } from './command.ts'

const UNITS_S: Readonly<Record<string, number>> = { m: 60, h: 60 * 60, d: 24 * 60 * 60, w: 7 * 24 * 60 * 60 }

/** Seconds of `30m`, `12h`, `90d` or `4w`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (UNITS_S[unit] ?? 0)
}

/** The duration an option asks for, in seconds. */
export function durationOf(option: string, text: string): number {
  const seconds = parseDuration(text)
  if (seconds !== undefined) return seconds
  throw new CliError(`--${option} is no duration.`, { action: 'Write such as 30m, 12h or 90d.', exitCode: EXIT.usage })
}

/** The instant an option names: a duration from now on, or a date, which means its beginning in UTC. */
export function instantIn(option: string, text: string, now: Date): Date {
  const seconds = parseDuration(text)
  if (seconds !== undefined) return new Date(now.getTime() + seconds * 1000)
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (!Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.slice(0, 10))) return at
  throw new CliError(`--${option} is neither a duration nor a date.`, {
    action: 'Write such as 90d or 2027-01-31.',
    exitCode: EXIT.usage,
  })
}
