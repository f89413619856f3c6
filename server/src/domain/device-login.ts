/** A terminal that wants to be logged in and waits for somebody to approve it in a browser (RFC 8628). */
export interface DeviceLogin {
  /** Where it says it runs. Nobody has checked it. */
  readonly host: string
  /** The address it asked from. */
  readonly address: string
  readonly startedAt: Date
  readonly expiresAt: Date
  /** Who decided, and how; absent while it waits. */
  readonly decision?: { readonly userId: string; readonly userName: string; readonly isApproved: boolean }
}

/** Consonants only, so that no word comes out and none is taken for a digit. RFC 8628 §6.1. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'

/** 20^8 codes: with a thousand open a guess is right once in 25 million. */
const LENGTH = 8

/** The largest multiple of the alphabet's length in a byte: letters of others would come more often. */
const FAIR_BELOW = 256 - (256 % ALPHABET.length)

/** A new code for people: `WDJB-MJHT`. `randomBytes` is asked again for bytes that would not be fair. */
export function newUserCode(randomBytes: (size: number) => Uint8Array): string {
  let letters = ''
  while (letters.length < LENGTH) {
    for (const byte of randomBytes(2 * LENGTH)) {
      if (byte < FAIR_BELOW && letters.length < LENGTH) letters += ALPHABET[byte % ALPHABET.length]
    }
  }
  return dashed(letters)
}

/** What somebody typed as a code, as it was given: any case, dashes and blanks left out or added. Undefined when it is none. */
export function userCodeIn(typed: string): string | undefined {
  const letters = typed.toUpperCase().replace(/[\s\p{Pd}]/gu, '')
  return letters.length === LENGTH && [...letters].every((letter) => ALPHABET.includes(letter)) ? dashed(letters) : undefined
}

function dashed(letters: string): string {
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`
}

/** Longer than the first label of any host. */
const HOST_LENGTH = 63

/**
 * Where a terminal says it runs, of what names of hosts are made of: whoever approves reads it, and whoever asks may be a stranger who
 * would write them a sentence.
 */
export function hostNameIn(said: string): string {
  return said
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .slice(0, HOST_LENGTH)
    .toWellFormed()
}
