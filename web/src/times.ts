const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')

const clock = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`

function day(at: Date, now: Date): string {
  const short = `${at.getDate()} ${MONTHS[at.getMonth()] ?? ''}`
  return at.getFullYear() === now.getFullYear() ? short : `${short} ${at.getFullYear()}`
}

/** What the words around a time have room for: "ended at 16:40", "stopped on 21 Nov 16:40", "renew by 14 Feb"; `clock`: "16:40" on any day. */
export type TimeShape = 'short' | 'dated' | 'day' | 'clock'

/** Local time in words, without the day when it is today (shape `short`). */
export function localTime(at: Date, now: Date, shape: TimeShape): string {
  if (shape === 'day') return day(at, now)
  if (shape === 'clock') return clock(at)
  const isToday = at.toDateString() === now.toDateString()
  return isToday && shape === 'short' ? clock(at) : `${day(at, now)} ${clock(at)}`
}

/** "21 November 2026 at 14:02:09 GMT+1": what one reads when pointing at a time. */
export function exactLocalTime(at: Date): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'long' }).format(at)
}

/** "just now", "3 min ago", "5 h ago", "12 days ago"; older than 30 days, the day. */
export function agoWords(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000))
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 24 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  const days = Math.floor(seconds / (24 * 3600))
  if (days <= 30) return days === 1 ? '1 day ago' : `${days} days ago`
  return `on ${day(at, now)}`
}

/** "40 s", "2 min 5 s". */
export function durationWords(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A piece of a text with `{time:ISO}` marks. */
export type TextPiece = { readonly text: string } | { readonly at: Date; readonly shape: TimeShape }

/** Splits a text at its `{time:ISO}` marks; a mark that is no time stays as written. */
export function piecesOf(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = []
  let done = 0
  for (const mark of text.matchAll(/\{time:([^}]+)\}/g)) {
    const at = new Date(mark[1] ?? '')
    if (Number.isNaN(at.getTime())) continue
    const before = text.slice(done, mark.index)
    if (before !== '') pieces.push({ text: before })
    pieces.push({ at, shape: shapeAfter(before) })
    done = mark.index + mark[0].length
  }
  const rest = text.slice(done)
  return rest === '' ? pieces : [...pieces, { text: rest }]
}

function shapeAfter(before: string): TimeShape {
  if (/\bon $/.test(before)) return 'dated'
  return /\bby $/.test(before) ? 'day' : 'short'
}

/** The same text for a reader of plain text: clipboard, announcements. */
export function plainTextOf(text: string, now: Date): string {
  return piecesOf(text)
    .map((piece) => ('text' in piece ? piece.text : localTime(piece.at, now, piece.shape)))
    .join('')
}

/** The local midnights of a week, newest first; `week` 0 ends with today and has no end yet, 1 is the one before. */
export function daysOfWeek(now: Date, week: number): { readonly days: readonly Date[]; readonly until?: Date } {
  const midnight = (daysAgo: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo)
  const days = Array.from({ length: 7 }, (_, n) => midnight(week * 7 + n))
  return week === 0 ? { days } : { days, until: midnight(week * 7 - 1) }
}

/** "Today", "Yesterday", "Saturday 21 November". */
export function dayHeading(startsAt: Date, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1)
  if (startsAt.toDateString() === now.toDateString()) return 'Today'
  if (startsAt.toDateString() === yesterday.toDateString()) return 'Yesterday'
  return new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' }).format(startsAt)
}
