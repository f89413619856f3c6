import { type Expiry, expirySentence } from './secret-expiry.ts'
import { dayInWords, type VerificationCheck } from './verification.ts'

/** A section and the host of its service. */
export interface VerifiedService {
  readonly host: string
  readonly section: string
}

/** How a refresh token is asked for at a service, where it gives none by itself. */
export type RefreshTokenAsk =
  | { readonly kind: 'scope'; readonly scope: string }
  | { readonly kind: 'parameter'; readonly parameter: string }

/** Codes live a minute or more, so less does no harm; and the `Date` header is whole seconds old. */
const SKEW_WARNING_SECONDS = 30
/** Instants in requests and replies are read wrongly by then. */
const SKEW_FAILED_SECONDS = 300

const metadata = { id: 'metadata', side: 'here' } as const

/** What the service tells of itself in its metadata (RFC 8414, OpenID Connect Discovery). */
export const metadataSentences = {
  found: ({ host }: VerifiedService, url: string): VerificationCheck => ({
    ...{ ...metadata, outcome: 'ok' },
    fact: `${host} describes itself at ${url}, and that agrees with the section.`,
    fine: 'its metadata agrees',
  }),
  endpointDiffers: ({ host, section }: VerifiedService, option: string, named: string): VerificationCheck => ({
    ...{ id: 'endpoint', side: 'here', outcome: 'warning', option },
    fact: `The metadata of ${host} names another ${option}: "${named}".`,
    action: `If ${option} of [${section}] does not work, write the one that is named there; services often have several.`,
    copy: `${option}=${named}`,
  }),
  issuerDiffers: ({ host, section }: VerifiedService, named: string): VerificationCheck => ({
    ...{ id: 'issuer', side: 'here', outcome: 'failed', option: 'issuer' },
    fact: `The metadata of ${host} names the issuer "${named}", which is not the issuer of [${section}]: every sign-in is refused at its end.`,
    action: 'Write the issuer exactly as it is named there, slashes included.',
    copy: `issuer=${named}`,
  }),
  issuerNotSent: ({ host, section }: VerifiedService): VerificationCheck => ({
    ...{ id: 'issuer', side: 'here', outcome: 'warning', option: 'issuer' },
    fact: `[${section}] has an issuer, so Benchkey wants it in every answer, and the metadata of ${host} does not say that it sends it (RFC 9207).`,
    action: 'If sign-ins end with a missing iss, remove issuer and write redirect-uri=per-integration instead.',
  }),
  issuerOffered: ({ host }: VerifiedService, named: string): VerificationCheck => ({
    ...{ id: 'issuer', side: 'here', outcome: 'warning', option: 'issuer' },
    fact: `${host} sends its name with every answer (iss, RFC 9207), and nothing checks it.`,
    action: 'Write issuer, so that no other service can pass off its answer as this one.',
    copy: `issuer=${named}`,
  }),
  issuerChecked: ({ host }: VerifiedService): VerificationCheck => ({
    ...{ id: 'issuer', side: 'here', outcome: 'ok' },
    fact: `${host} sends its name with every answer (iss, RFC 9207), and Benchkey checks it.`,
    fine: 'iss is checked',
  }),
  pkceUsed: ({ host }: VerifiedService): VerificationCheck => ({
    ...{ id: 'pkce', side: 'here', outcome: 'ok' },
    fact: `${host} knows PKCE with S256, and Benchkey uses it.`,
    fine: 'PKCE is used',
  }),
  pkceOffered: ({ host, section }: VerifiedService): VerificationCheck => ({
    ...{ id: 'pkce', side: 'here', outcome: 'warning', option: 'pkce' },
    fact: `${host} knows PKCE with S256, and [${section}] turns it off.`,
    action: 'Remove pkce=none: a stolen code is worth nothing then.',
  }),
  pkceNotOffered: ({ host, section }: VerifiedService, methods: readonly string[]): VerificationCheck => ({
    ...{ id: 'pkce', side: 'here', outcome: 'warning', option: 'pkce' },
    fact: `The metadata of ${host} names ${methods.length === 0 ? 'no PKCE' : `PKCE with ${methods.join(', ')} alone`}, and [${section}] uses S256.`,
    action: 'Most services then ignore it. If a sign-in fails because of code_challenge or code_verifier, write pkce=none.',
  }),
  methodNotOffered: ({ host, section }: VerifiedService, written: string, offered: readonly string[]): VerificationCheck => ({
    ...{ id: 'auth-method', side: 'here', outcome: 'warning', option: 'token-endpoint-auth-method' },
    fact: `The metadata of ${host} does not name ${written}; it names ${offered.join(', ')}.`,
    action: `Write one of those as token-endpoint-auth-method in [${section}].`,
  }),
} as const

/** Whether people will stay signed in. */
export const renewalSentences = {
  fine: ({ host }: VerifiedService, signIns: number): VerificationCheck => ({
    ...{ id: 'refresh-token', side: 'here', outcome: 'ok' },
    fact: `${signIns === 1 ? 'The one sign-in' : `All ${signIns} sign-ins`} to ${host} can renew.`,
    fine: 'sign-ins renew themselves',
  }),
  asked: ({ host }: VerifiedService): VerificationCheck => ({
    ...{ id: 'refresh-token', side: 'here', outcome: 'ok' },
    fact: `The section asks ${host} for a refresh token as that service wants it.`,
    fine: 'a refresh token is asked for',
  }),
  notAsked: ({ host, section }: VerifiedService, ask: RefreshTokenAsk, counts: string): VerificationCheck => ({
    ...{ id: 'refresh-token', side: 'here', outcome: 'warning' },
    option: ask.kind === 'scope' ? 'scopes' : 'authorization-params',
    fact: `${counts}${host} gives a refresh token only when it is asked for one, and [${section}] does not ask.`,
    action:
      ask.kind === 'scope'
        ? `Add ${ask.scope} to scopes, and allow that scope for this client at the service. Then each user signs in once more.`
        : `Add ${ask.parameter} to authorization-params. Then each user signs in once more.`,
    copy: ask.kind === 'scope' ? ask.scope : ask.parameter,
  }),
  notAskedPerhaps: ({ host, section }: VerifiedService, scope: string, counts: string): VerificationCheck => ({
    ...{ id: 'refresh-token', side: 'here', outcome: counts === '' ? 'unknown' : 'warning', option: 'scopes' },
    fact: `${counts}${host} knows the scope ${scope}, for which many services give a refresh token, and [${section}] does not ask for it.`,
    action: `If people have to sign in again and again, add ${scope} to scopes. Then each user signs in once more.`,
    copy: scope,
  }),
  none: ({ host, section }: VerifiedService, counts: string): VerificationCheck => ({
    ...{ id: 'refresh-token', side: 'service', outcome: 'warning', option: 'scopes' },
    fact: `${counts}People sign in to ${host} again whenever their access token ends.`,
    action: `Find out how the service is asked for a refresh token: often by the scope offline_access in [${section}], or by a setting of this client there. Some services give none.`,
  }),
} as const

/** "31 of 34 sign-ins have no refresh token. ", for the begin of a fact; nothing while there are none. */
export function withoutRefreshToken(count: number, all: number): string {
  if (count === 0) return ''
  return `${count} of ${all} sign-in${all === 1 ? '' : 's'} ${count === 1 ? 'has' : 'have'} no refresh token. `
}

/** The clock against that of the service, and the life of the client secret. */
export const timeSentences = {
  /** `seconds`: how far this server is ahead; less than nothing when it is behind. */
  clock: ({ host }: VerifiedService, seconds: number): VerificationCheck => {
    const off = Math.abs(seconds)
    const base = { id: 'clock', side: 'here' } as const
    if (off <= SKEW_WARNING_SECONDS) {
      return { ...base, outcome: 'ok', fact: `The clocks of this server and ${host} agree.`, fine: 'the clocks agree' }
    }
    return {
      ...{ ...base, outcome: off > SKEW_FAILED_SECONDS ? 'failed' : 'warning' },
      fact: `The clock of this server is ${spanInWords(off)} ${seconds > 0 ? 'ahead of' : 'behind'} that of ${host}.`,
      action:
        'Have this server set its clock by itself (timedatectl set-ntp true). If all other services agree with it, theirs is wrong.',
    }
  },
  /** `expiry`: undefined while the end is far. */
  secretEnds: (end: Date, expiry: Expiry | undefined, hasNext: boolean): VerificationCheck => {
    const base = { id: 'secret-expiry', side: 'here', option: 'client-secret-expires' } as const
    if (!expiry) {
      const until = `good until ${dayInWords(end)}`
      return { ...base, outcome: 'ok', fact: `The client secret is ${until}.`, fine: `the secret is ${until}` }
    }
    const { fact, action } = expirySentence(expiry, hasNext)
    return { ...base, outcome: 'warning', fact: asSentence(fact), action: asSentence(action) }
  },
  disabled: ({ section }: VerifiedService): VerificationCheck => ({
    ...{ id: 'disabled', side: 'here', outcome: 'warning', option: 'enabled' },
    fact: `[${section}] is switched off (enabled=0): nobody can use it, whatever else is found.`,
    action: 'Remove enabled=0 when it is to be used.',
  }),
  timeUp: (section: string, seconds: number): VerificationCheck => ({
    ...{ id: 'time', side: 'network', outcome: 'failed' },
    fact: `Not all of [${section}] could be looked at within ${seconds} seconds.`,
    action:
      'What is not told above was not looked at. Something on the way answers very slowly; try again, and ask your network team.',
  }),
} as const

function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function spanInWords(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
