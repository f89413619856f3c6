import { dayInWords, daysInWords, type VerificationCheck } from './verification.ts'

/** Which address of a section it is about, and where it leads. */
export interface ProbedAddress {
  /** `token-url` and the like. */
  readonly option: string
  /** With its port, when it is written. */
  readonly host: string
  /** "directly (no_proxy names *.corp.example)", "through the proxy proxy.corp:3128 (https_proxy of env-vars)". */
  readonly way: string
}

/** A certificate as it was shown. */
export interface ShownCertificate {
  readonly until: Date
  readonly daysLeft: number
  /** Who issued it, in words of the certificate. */
  readonly issuer: string
}

/** From so many days on the end of a certificate is no news yet; most services renew theirs 30 days before. */
const CERTIFICATE_NEWS_DAYS = 14

/** People's browsers go there, this server does not: what is wrong from here may be right from there. */
const browsersOnly = ({ option }: ProbedAddress): boolean => option === 'authorization-url'

const viaProxy = (to: ProbedAddress, words: string): Omit<VerificationCheck, 'action'> => ({
  ...{ id: 'proxy', outcome: browsersOnly(to) ? 'warning' : 'failed', side: 'network', option: to.option },
  fact: `Benchkey does not get through to ${to.host} ${to.way}: ${words}.`,
})

/** What reaching a service can end with. */
export const connectionSentences = {
  reached: (to: ProbedAddress, certificate: ShownCertificate | undefined): VerificationCheck => {
    const until =
      certificate === undefined
        ? ', without TLS'
        : `; its certificate, issued by ${certificate.issuer}, is good until ${dayInWords(certificate.until)} (${daysInWords(certificate.daysLeft)})`
    const fact = `Benchkey reaches ${to.host} ${to.way}${until}.`
    const base = { id: 'connection', side: 'service', option: to.option } as const
    if (certificate === undefined || certificate.daysLeft >= CERTIFICATE_NEWS_DAYS) {
      return { ...base, outcome: 'ok', fact, fine: `${to.host} is reached` }
    }
    return { ...base, id: 'certificate', outcome: 'warning', fact, action: `Whoever runs ${to.host} renews it before that day.` }
  },
  nameNotFound: (to: ProbedAddress): VerificationCheck => ({
    ...{ id: 'dns', outcome: 'failed', side: 'here', option: to.option },
    fact: `There is no host ${to.host}: its name was looked up and not found.`,
    action: `Correct ${to.option}. If the name is right, your network team tells why this server's DNS does not know it.`,
  }),
  nameNotLookedUp: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'dns', outcome: browsersOnly(to) ? 'warning' : 'failed', side: 'network', option: to.option },
    fact: `The name ${to.host} could not be looked up: ${words}.`,
    action: 'Your network team looks at the DNS servers in /etc/resolv.conf of this server.',
  }),
  guarded: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'guard', outcome: 'failed', side: 'here', option: to.option },
    fact: `Benchkey does not connect to ${to.host}: ${words}.`,
    action: `Write an address of the service in ${to.option} that is neither this host itself nor an internal address of its network hardware.`,
  }),
  notConnected: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'tcp', outcome: browsersOnly(to) ? 'warning' : 'failed', side: 'network', option: to.option },
    fact: `Benchkey does not get through to ${to.host} ${to.way}: ${words}.${browsersOnly(to) ? " People's browsers go there, and may get through." : ''}`,
    action: `Ask your network team to let this server connect to ${to.host}, or for the proxy to use. The service may also be down, or its port in ${to.option} be wrong.`,
  }),
  proxyAway: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...viaProxy(to, words),
    action: 'Correct the address of the proxy. If it is right, your network team looks at the proxy.',
  }),
  proxyAsks: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ ...viaProxy(to, words), side: 'here' },
    action: 'Write user name and password before the host of the proxy, percent-encoded. Your network team knows them.',
  }),
  proxyRefuses: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...viaProxy(to, words),
    action: `This is the proxy's answer, not the service's. Your network team allows this server to reach ${to.host} there.`,
  }),
  proxyStuck: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...viaProxy(to, words),
    action: `Several causes fit: the service is down, the name or port in ${to.option} is wrong, or the proxy may not get there itself. Your network team sees which in the log of the proxy.`,
  }),
  certificateExpired: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'certificate', outcome: 'failed', side: 'service', option: to.option },
    fact: `Benchkey does not connect to ${to.host}: ${words}.`,
    action: `Whoever runs ${to.host} renews it. If browsers show another certificate, the clock of this server is wrong.`,
  }),
  certificateOfAnother: (to: ProbedAddress, names: readonly string[]): VerificationCheck => ({
    ...{ id: 'certificate', outcome: 'failed', side: 'here', option: to.option },
    fact: `Benchkey does not connect to ${to.host}: its certificate is for ${names.length === 0 ? 'another host' : names.join(', ')}.`,
    action: `Write the name that the certificate has in ${to.option}. If the name is right, whoever runs the service corrects its certificate.`,
  }),
  unknownAuthority: (to: ProbedAddress, issuer: string): VerificationCheck => ({
    ...{ id: 'certificate', outcome: 'failed', side: 'here', option: 'ca-file' },
    fact: `Benchkey does not connect to ${to.host}: its certificate was issued by ${issuer}, which is no authority that is trusted here.`,
    action:
      'If this is your own authority, or a proxy of your network that opens TLS, get its certificate as PEM and name it with ca-file. Otherwise do not trust it.',
    copy: 'ca-file=ca/corp.pem',
  }),
  incompleteChain: (to: ProbedAddress, issuer: string): VerificationCheck => ({
    ...{ id: 'certificate', outcome: 'failed', side: 'here', option: 'ca-file' },
    fact: `Benchkey does not connect to ${to.host}: it shows a certificate issued by ${issuer} without that of ${issuer}, which is no authority that is trusted here.`,
    action: `Two causes fit. If ${issuer} is your own authority, name its certificate (PEM) with ca-file. If it is a public one, ${to.host} does not send its whole chain, which whoever runs it corrects.`,
    copy: 'ca-file=ca/corp.pem',
  }),
  certificateRefused: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'certificate', outcome: 'failed', side: 'service', option: to.option },
    fact: `Benchkey does not connect to ${to.host}: ${words}.`,
    action: `Whoever runs ${to.host}, or a proxy of your network that opens TLS, corrects its certificate.`,
  }),
  notTls: (to: ProbedAddress, words: string): VerificationCheck => ({
    ...{ id: 'tls', outcome: 'failed', side: 'service', option: to.option },
    fact: `Benchkey does not connect to ${to.host}: ${words}.`,
    action: `Check the port in ${to.option}: what answers there does not speak TLS 1.2 or newer. Your network may also cut TLS.`,
  }),
} as const
