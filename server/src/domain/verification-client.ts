import type { ClientAuthenticationMethod } from './integration.ts'
import { quoted, type VerificationCheck } from './verification.ts'

/** Who answered, and what it said besides. */
export interface TokenEndpointAnswer {
  readonly host: string
  readonly section: string
  /** "answered invalid_client", "answered 404": ui.md's words. */
  readonly words: string
  /** The service's own text, cleaned. */
  readonly text?: string
}

const base = { id: 'client', side: 'here' } as const
const token = { id: 'token-url', side: 'here', option: 'token-url' } as const

/** "by client-secret-post", "by client-secret-post and client-secret-basic alike". */
function byMethods(methods: readonly ClientAuthenticationMethod[]): string {
  return methods.length < 2 ? `by ${methods[0] ?? 'none'}` : `by ${methods.slice(0, -1).join(', ')} and ${methods.at(-1)} alike`
}

/** What the token endpoint can say of the client, and of itself. */
export const clientSentences = {
  right: ({ host, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...base,
    outcome: 'ok',
    fact: `${host} accepts the client ID and secret: it ${words} to a made-up code, as it should.`,
    fine: 'client ID and secret are right',
  }),
  rightByComparison: (
    { host, words }: TokenEndpointAnswer,
    credential: 'secret' | 'client ID',
    wrongWords: string,
  ): VerificationCheck => ({
    ...base,
    outcome: 'ok',
    fact: `${host} accepts the client: it ${words} to a made-up code, and with a deliberately wrong ${credential} it ${wrongWords === words ? 'did so in other words' : wrongWords}.`,
    fine: credential === 'secret' ? 'client ID and secret are right' : 'the client ID is right',
  }),
  publicRight: ({ host, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...base,
    outcome: 'ok',
    fact: `${host} knows the client ID and asks for no secret: it ${words} to a made-up code, as it should.`,
    fine: 'the client ID is right',
  }),
  wrong: (
    { host, section, words, text }: TokenEndpointAnswer,
    methods: readonly ClientAuthenticationMethod[],
  ): VerificationCheck => ({
    ...{ ...base, outcome: 'failed', option: 'client-secret' },
    fact: `${host} refuses the client ID or the secret: it ${words}, ${byMethods(methods)}.${quoted(host, text)}`,
    action: `Copy both anew from the page of this client at the service into client-id and client-secret of [${section}]. A secret that has expired or was replaced there looks the same.`,
  }),
  publicWrong: ({ host, section, words, text }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, outcome: 'failed', option: 'client-id' },
    fact: `${host} refuses the client without a secret: it ${words}.${quoted(host, text)}`,
    action: `Copy client-id of [${section}] anew. If the service gave this client a secret, write it as client-secret and remove token-endpoint-auth-method=none.`,
  }),
  otherMethod: (
    { host, section, words }: TokenEndpointAnswer,
    written: ClientAuthenticationMethod,
    works: ClientAuthenticationMethod,
  ): VerificationCheck => ({
    ...{ ...base, outcome: 'failed', option: 'token-endpoint-auth-method' },
    fact: `${host} refuses the client by ${written} (it ${words}) and accepts it by ${works}.`,
    action: `Write token-endpoint-auth-method=${works} in [${section}].`,
    copy: `token-endpoint-auth-method=${works}`,
  }),
  nextSecret: ({ host, section, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, outcome: 'warning', option: 'client-secret-next' },
    fact: `${host} refuses client-secret (it ${words}) and accepts client-secret-next.`,
    action: `Write the value of client-secret-next as client-secret of [${section}] and remove client-secret-next.`,
  }),
  notAllowed: ({ host, words, text }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, side: 'service', outcome: 'failed' },
    fact: `${host} accepts the client ID and secret, and does not let this client exchange codes: it ${words}.${quoted(host, text)}`,
    action: 'At the service, allow this client the grant type "authorization code" (a web application, not a service account).',
  }),
  unsaid: ({ host, words, text }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, outcome: 'unknown' },
    fact: `Whether ${host} accepts the client ID and secret cannot be told: it ${words} to the right secret and to a deliberately wrong one alike.${quoted(host, text)}`,
    action: 'Sign in once: only a real code shows it.',
  }),
  uncompared: ({ host, words, text }: TokenEndpointAnswer, why: string): VerificationCheck => ({
    ...{ ...base, outcome: 'unknown' },
    fact: `Whether ${host} accepts the client ID and secret cannot be told: it ${words} to a made-up code, and ${why} to a deliberately wrong secret.${quoted(host, text)}`,
    action: 'Sign in once: only a real code shows it.',
  }),
  closed: ({ host, words, text }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, id: 'token-url', side: 'network', outcome: 'failed', option: 'token-url' },
    fact: `Something in front of ${host}, or ${host} itself, keeps Benchkey out: it ${words} without a word of OAuth, whatever the secret.${quoted(host, text)}`,
    action:
      'Several causes fit: a firewall or bot filter before the service, an allow-list of addresses there without that of this server, or a wrong token-url.',
  }),
  redirectUriRefused: ({ host, words, text }: TokenEndpointAnswer, uri: string): VerificationCheck => ({
    ...{ id: 'redirect-uri', side: 'service', outcome: 'failed' },
    fact: `${host} does not accept the redirect URI: it ${words}.${quoted(host, text)}`,
    action: 'At the service, register exactly this redirect URI: same scheme, host, port and path, no slash at the end.',
    copy: uri,
  }),
  notThere: ({ host, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...token, outcome: 'failed' },
    fact: `${host} ${words} at the token URL: there is no token endpoint at this path.`,
    action: 'Copy token-url anew from the documentation of the service.',
  }),
  redirects: ({ host, words }: TokenEndpointAnswer, to: string | undefined): VerificationCheck => ({
    ...{ ...token, outcome: 'failed' },
    fact: `${host} ${words} at the token URL${to === undefined ? '' : ` and points to "${to}"`}; a token request never follows that, as the secret would go along.`,
    action: 'Write the final address of the token endpoint as token-url, after making sure that it is the same service.',
  }),
  page: ({ host, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...token, outcome: 'failed' },
    fact: `${host} ${words} at the token URL, so this is not a token endpoint.`,
    action:
      'Copy token-url anew from the documentation of the service; the addresses of page and token endpoint are easily exchanged.',
  }),
  failing: ({ host, words }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...token, side: 'service', outcome: 'failed' },
    fact: `${host} ${words} at the token URL, so nothing can be said of the client.`,
    action: `Whoever runs ${host} sees to it; try again later. Some services answer so to a client ID they cannot read: check client-id, too.`,
  }),
  wait: ({ host, words }: TokenEndpointAnswer, seconds: number | undefined): VerificationCheck => ({
    ...{ ...token, id: 'client', side: 'service', outcome: 'unknown' },
    fact: `${host} ${words}: it wants fewer requests, so no more was sent and nothing can be said of the client.`,
    action: `Try again in ${seconds === undefined ? 'some minutes' : `${seconds} seconds`}.`,
  }),
  givesAnything: ({ host }: TokenEndpointAnswer): VerificationCheck => ({
    ...{ ...base, side: 'service', outcome: 'warning' },
    fact: `${host} gives a token for a code that was made up, so nothing can be said of the client. The token was thrown away.`,
    action: 'Use it for trying out only: no real service does that.',
  }),
} as const
