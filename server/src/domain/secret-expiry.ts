const DAY_MS = 24 * 60 * 60_000
/** From so many days before its end on, a client secret is spoken about. */
const NOTICE_DAYS = 30
/** From so many days before on, somebody has to act. */
const URGENT_DAYS = 7

/** A client secret that ends soon or has ended. */
export interface Expiry {
  readonly expires: Date
  /** Whole days until then, begun ones counted; 0 or less: it has ended. */
  readonly daysLeft: number
  readonly isUrgent: boolean
}

/** How near a client secret's end is; undefined while it is far. */
export function expiryOf(expires: Date, now: Date): Expiry | undefined {
  const daysLeft = Math.ceil((expires.getTime() - now.getTime()) / DAY_MS)
  return daysLeft > NOTICE_DAYS ? undefined : { expires, daysLeft, isUrgent: daysLeft <= URGENT_DAYS }
}

/** The end of a client secret in words: a fact to stand behind "that", and what to do. Neither begins with a capital nor ends. */
export function expirySentence(
  { expires, daysLeft }: Expiry,
  hasNext: boolean,
): { readonly fact: string; readonly action: string } {
  const day = expires.toISOString().slice(0, 10)
  const ends = daysLeft === 1 ? 'ends within a day' : `ends in ${daysLeft} days`
  const fact = daysLeft <= 0 ? `the client secret ended on ${day}` : `the client secret ${ends}, on ${day}`
  const action = hasNext
    ? 'make the one in client-secret-next the client-secret, and write its day here'
    : 'get a new one from the service, write it as client-secret-next, and this day anew once it is the client-secret'
  return { fact, action }
}
