import { quoted, type VerificationCheck } from './verification.ts'

/** What the authorization URL answered to a browser that nobody is logged in with. */
export interface AuthorizationAnswer {
  readonly host: string
  readonly section: string
  /** "answered 400". */
  readonly words: string
  /** What stands on the page, or in the error it sent back, cleaned. */
  readonly text?: string
}

const page = { id: 'authorization-url', side: 'here', option: 'authorization-url' } as const
const redirect = { id: 'redirect-uri', side: 'service' } as const
const REGISTER = 'At the service, register exactly this redirect URI: same scheme, host, port and path, no slash at the end.'

/** What the authorization URL can say before anybody has logged in there. */
export const authorizationSentences = {
  answers: ({ host, words }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, outcome: 'ok' },
    fact: `The authorization URL at ${host} ${words}, as a page to log in on does.`,
    fine: 'the sign-in page answers',
  }),
  redirectUriRefused: ({ host, words, text }: AuthorizationAnswer, uri: string): VerificationCheck => ({
    ...{ ...redirect, outcome: 'failed' },
    fact: `${host} does not accept the redirect URI: its authorization URL ${words}.${quoted(host, text)}`,
    ...{ action: REGISTER, copy: uri },
  }),
  redirectUriAccepted: ({ host }: AuthorizationAnswer, uri: string): VerificationCheck => ({
    ...{ ...redirect, outcome: 'ok' },
    fact: `${host} knows the redirect URI ${uri}: it answers to another one differently.`,
    ...{ fine: 'the redirect URI is registered', copy: uri },
  }),
  redirectUriUntold: ({ host }: AuthorizationAnswer, uri: string): VerificationCheck => ({
    ...{ ...redirect, outcome: 'unknown' },
    fact: `Before somebody logs in there, ${host} does not tell whether the redirect URI is registered.`,
    ...{ action: REGISTER, copy: uri },
  }),
  clientUnknown: ({ host, section, words, text }: AuthorizationAnswer): VerificationCheck => ({
    ...{ id: 'client-id', side: 'here', option: 'client-id', outcome: 'failed' },
    fact: `${host} does not know the client ID: its authorization URL ${words}.${quoted(host, text)}`,
    action: `Copy client-id of [${section}] anew from the page of this client at the service; at some services it is another one per region or tenant.`,
  }),
  scopeRefused: ({ host, section, words, text }: AuthorizationAnswer): VerificationCheck => ({
    ...{ id: 'scopes', side: 'here', option: 'scopes', outcome: 'failed' },
    fact: `${host} does not accept the scopes: its authorization URL ${words}.${quoted(host, text)}`,
    action: `Correct scopes of [${section}], or allow them for this client at the service.`,
  }),
  clientNotAllowed: ({ host, words, text }: AuthorizationAnswer): VerificationCheck => ({
    ...{ id: 'client', side: 'service', outcome: 'failed' },
    fact: `${host} does not let this client sign people in: its authorization URL ${words}.${quoted(host, text)}`,
    action: 'At the service, allow this client the grant type "authorization code" (a web application, not a service account).',
  }),
  pkceRefused: ({ host, words, text }: AuthorizationAnswer): VerificationCheck => ({
    ...{ id: 'pkce', side: 'here', option: 'pkce', outcome: 'failed' },
    fact: `${host} stumbles over PKCE: its authorization URL ${words}.${quoted(host, text)}`,
    action: 'If its documentation does not know PKCE, write pkce=none; if it asks for PKCE, remove pkce=none.',
  }),
  errorSentBack: ({ host, words, text }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, outcome: 'failed' },
    fact: `${host} refuses the authorization request: its authorization URL ${words}.${quoted(host, text)}`,
    action: 'Compare scopes, authorization-params and resource with the documentation of the service.',
  }),
  refusedUnread: ({ host, words, text }: AuthorizationAnswer, uri: string): VerificationCheck => ({
    ...{ ...page, side: 'service', outcome: 'failed' },
    fact: `${host} refuses the authorization request: its authorization URL ${words}, without saying why in a way Benchkey can read.${quoted(host, text)}`,
    action:
      'Several causes fit. Compare, in this order, the redirect URI registered at the service (it has to be exactly the one below), client-id, scopes and authorization-params.',
    copy: uri,
  }),
  notThere: ({ host, words }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, outcome: 'failed' },
    fact: `${host} ${words} at the authorization URL: there is no page at this path, or none for this client ID.`,
    action:
      'Copy authorization-url anew from the documentation of the service, and client-id: GitHub, for one, answers so to one it does not know.',
  }),
  closed: ({ host, words }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, side: 'service', outcome: 'unknown' },
    fact: `${host} ${words} to Benchkey at the authorization URL; a browser may well get its page.`,
    action: 'Open the sign-in in a browser. Bot filters often keep programs out that are no browsers.',
  }),
  failing: ({ host, words }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, side: 'service', outcome: 'warning' },
    fact: `${host} ${words} at the authorization URL.`,
    action: `Whoever runs ${host} sees to it; try again later.`,
  }),
  silent: ({ host, words }: AuthorizationAnswer): VerificationCheck => ({
    ...{ ...page, side: 'network', outcome: 'warning' },
    fact: `${host} gave no answer at the authorization URL: it ${words}.`,
    action: "People's browsers go there, this server does not. Open the sign-in in a browser; if that works, nothing is wrong.",
  }),
} as const
