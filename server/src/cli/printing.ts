/** Words of the server's files and of services, safe for a terminal. */
export function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

/** An instant of the admin socket as `2026-11-23 12:00 UTC`; `none` when there is none. */
export function instantOf(iso: string | undefined, none = '-'): string {
  return iso === undefined ? none : `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

/** "1 session", "2 sessions". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
