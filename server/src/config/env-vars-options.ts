import { noProxyRules } from './no-proxy.ts'
import { type OptionTable, row } from './option-table.ts'
import { proxyUrl } from './proxy-url.ts'
import { path } from './values.ts'

/** What the file `env-vars` may set; all but the last in capitals, too. */
export const ENV_VARS_OPTIONS = {
  http_proxy: row({
    default: '`all_proxy`',
    meaning: 'The proxy for http URLs, which only services on this machine may have (`insecure-loopback-providers=1`).',
    example: 'http://proxy.corp.example:3128',
    parse: proxyUrl,
  }),
  https_proxy: row({
    default: '`all_proxy`',
    meaning:
      'The proxy for https URLs: `http://` or `https://`, by which the proxy itself is reached, user name and password percent-encoded where it asks for them, host and port. Without a value: no proxy.',
    example: 'http://bench:a-password@proxy.corp.example:3128',
    parse: proxyUrl,
  }),
  all_proxy: row({
    default: 'none; services are asked directly',
    meaning: 'The proxy where neither of the two above is written.',
    example: 'http://proxy.corp.example:3128',
    parse: proxyUrl,
  }),
  no_proxy: row({
    default: 'none',
    meaning:
      'Hosts that are asked directly: names, domains, patterns with `*`, each perhaps with a port, addresses, networks and ranges of addresses. Commas and blanks separate.',
    example: 'corp.example, *.cloud.example, git.example:8443, 10.0.0.0/8, 2001:db8::/32, 192.0.2.1-192.0.2.9',
    parse: (text) => {
      const { rules, problems } = noProxyRules(text)
      const [problem] = problems
      return problem === undefined ? { value: rules } : { problem }
    },
  }),
  NODE_EXTRA_CA_CERTS: row({
    default: 'none',
    meaning:
      'A PEM file of authorities that are trusted for every service besides Node’s: that of a proxy that looks into TLS, for instance. A relative path starts at the configuration directory.',
    example: '/etc/ssl/certs/corp-ca.pem',
    parse: path,
  }),
} as const satisfies OptionTable

/** Names in the spelling of the table. */
export type EnvVarsOption = keyof typeof ENV_VARS_OPTIONS
