import { dayInWords, daysInWords, type VerificationCheck } from './verification.ts'
import type { ShownCertificate } from './verification-connection.ts'

/** An address of Benchkey itself, and who comes that way. */
export interface OwnAddress {
  /** `public-url` or `launcher-sessions-callback-address`. */
  readonly option: 'public-url' | 'launcher-sessions-callback-address'
  readonly url: string
}

/** From so many days on a certificate that nobody renewed is worth a line. */
const CERTIFICATE_NEWS_DAYS = 14

const who = ({ option }: OwnAddress): string => (option === 'public-url' ? 'browsers' : 'sessions')
const what = ({ option }: OwnAddress): string => (option === 'public-url' ? 'public URL' : 'callback address')
const idOf = ({ option }: OwnAddress): string => (option === 'public-url' ? 'public-url' : 'callback-address')
/** A browser may come another way than this server does; a session on this host comes the same. */
const severity = ({ option }: OwnAddress): 'warning' | 'failed' => (option === 'public-url' ? 'warning' : 'failed')

/** What the way to Benchkey's own addresses can end with. */
export const ownAddressSentences = {
  answers: (own: OwnAddress, certificate: ShownCertificate | undefined): VerificationCheck => {
    const until =
      certificate === undefined
        ? ''
        : `; its certificate is good until ${dayInWords(certificate.until)} (${daysInWords(certificate.daysLeft)})`
    const base = { id: idOf(own), side: 'here', option: own.option } as const
    const fact = `This Benchkey answers at its ${what(own)} ${own.url}${until}.`
    if (certificate === undefined || certificate.daysLeft >= CERTIFICATE_NEWS_DAYS) {
      return { ...base, outcome: 'ok', fact, fine: `the ${what(own)} is this server` }
    }
    return { ...base, id: 'own-certificate', outcome: 'warning', fact, action: 'Renew the certificate before that day.' }
  },
  nameNotFound: (own: OwnAddress): VerificationCheck => ({
    ...{ id: idOf(own), outcome: severity(own), side: 'network', option: own.option },
    fact: `The host of the ${what(own)} ${own.url} was looked up from this server and not found.`,
    action: `Your network team makes the name known. If ${own.option} has a typing error, correct it.`,
  }),
  notConnected: (own: OwnAddress, words: string): VerificationCheck => ({
    ...{ id: idOf(own), outcome: severity(own), side: 'network', option: own.option },
    fact: `This server does not reach its own ${what(own)} ${own.url}: ${words}.`,
    action:
      own.option === 'public-url'
        ? 'Open it in a browser. If it works there, your network only keeps this server from its own outside address, and nothing is wrong.'
        : 'Sessions on this host go the same way, so they get no tokens over it. Let your network team open it, or write an address that sessions reach.',
  }),
  certificate: (own: OwnAddress, words: string): VerificationCheck => ({
    ...{ id: 'own-certificate', outcome: 'failed', side: 'here', option: own.option },
    fact: `At the ${what(own)} ${own.url}, ${who(own)} are warned: ${words}.`,
    action:
      'Install a certificate for this name, with its whole chain, in ssl-certificate or in the reverse proxy that answers there.',
  }),
  unknownAuthority: (own: OwnAddress, issuer: string): VerificationCheck => ({
    ...{ id: 'own-certificate', outcome: 'failed', side: 'here', option: 'ssl-ca-certificate' },
    fact: `The certificate at the ${what(own)} ${own.url} was issued by ${issuer}, which ${who(own)} do not trust here.`,
    action:
      'If that is your own authority, name its certificate with ssl-ca-certificate; if not, the chain in ssl-certificate is incomplete.',
  }),
  notOurs: (own: OwnAddress, words: string): VerificationCheck => ({
    ...{ id: idOf(own), outcome: 'failed', side: 'network', option: own.option },
    fact: `Something else than Benchkey answers at the ${what(own)} ${own.url}: it ${words}.`,
    action: `Lead that address, base path included, to this server; or correct ${own.option}.`,
  }),
  anotherBenchkey: (own: OwnAddress): VerificationCheck => ({
    ...{ id: idOf(own), outcome: 'failed', side: 'network', option: own.option },
    fact: `Another Benchkey answers at the ${what(own)} ${own.url}: it does not share the database of this one.`,
    action: `Lead that address to this server; or correct ${own.option}.`,
  }),
  hostChanged: (own: OwnAddress, seen: string): VerificationCheck => ({
    ...{ id: 'own-host', outcome: 'failed', side: 'network', option: own.option },
    fact: `Requests for the ${what(own)} ${own.url} arrive under the host name "${seen}".`,
    action: 'Have the reverse proxy pass on the Host header as it came (nginx: proxy_set_header Host $host:$server_port).',
  }),
  pathChanged: (own: OwnAddress, seen: string): VerificationCheck => ({
    ...{ id: 'own-path', outcome: 'failed', side: 'network', option: own.option },
    fact: `Requests for the ${what(own)} ${own.url} arrive with the path "${seen}".`,
    action: 'Have the reverse proxy pass on the path unchanged, base path included.',
  }),
  forwardedUntrusted: (own: OwnAddress, proxy: string): VerificationCheck => ({
    ...{ id: 'trusted-proxies', outcome: 'failed', side: 'here', option: 'trusted-proxies' },
    fact: `Requests for the ${what(own)} come from ${proxy} in the clear, and what it says about https does not count.`,
    action: `If ${proxy} is your reverse proxy, add it to trusted-proxies in benchkey.conf and start the server again; it has to send X-Forwarded-Proto.`,
    copy: `trusted-proxies=${proxy}`,
  }),
  addressesUntrusted: (own: OwnAddress, proxy: string): VerificationCheck => ({
    ...{ id: 'trusted-proxies', outcome: 'warning', side: 'here', option: 'trusted-proxies' },
    fact: `${proxy} forwards requests for the ${what(own)} and names the addresses they come from, which does not count: the audit names ${proxy}.`,
    action: `If ${proxy} is your reverse proxy, add it to trusted-proxies in benchkey.conf and start the server again.`,
    copy: `trusted-proxies=${proxy}`,
  }),
  bodyLost: (own: OwnAddress): VerificationCheck => ({
    ...{ id: 'get-body', outcome: 'failed', side: 'network', option: own.option },
    fact: `On the way to the ${what(own)} ${own.url} the body of GET requests is lost. R sends its requests for tokens so.`,
    action:
      'Have the proxy in front pass on bodies of GET requests, or give sessions an address without it (launcher-sessions-callback-address).',
  }),
  doorReplaced: (own: OwnAddress, words: string): VerificationCheck => ({
    ...{ id: 'own-refusals', outcome: 'failed', side: 'network', option: own.option },
    fact: `At the ${what(own)} ${own.url} Benchkey's refusals are replaced: a call without a cookie ${words}.`,
    action: 'Have the proxy in front pass on answers with 4xx as they are; programs in sessions show the sentences in them.',
  }),
  /** `isOfSessions`: R asks there, by GET with a body. */
  wayIsWhole: (own: OwnAddress, isOfSessions: boolean): VerificationCheck => ({
    ...{ id: `${idOf(own)}-way`, outcome: 'ok', side: 'here' },
    fact: `Host name${isOfSessions ? ', path and bodies of GET requests' : ' and path'} arrive unchanged over the ${what(own)}.`,
    fine: `nothing is changed on the way to the ${what(own)}`,
  }),
  redirectUri: (uri: string): VerificationCheck => ({
    ...{ id: 'redirect-uri', outcome: 'ok', side: 'service' },
    fact: `The redirect URI to register at every service is ${uri}`,
    ...{ fine: `register ${uri} at every service`, copy: uri },
  }),
  httpsOnly: (own: OwnAddress): VerificationCheck => ({
    ...{ id: idOf(own), outcome: 'failed', side: 'here', option: own.option },
    fact: `Requests for the ${what(own)} ${own.url} arrive in the clear, and no proxy says that they came over https.`,
    action: 'Have the reverse proxy send X-Forwarded-Proto: https, and name its address in trusted-proxies.',
  }),
} as const
