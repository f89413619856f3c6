import { type OptionTable, row } from './option-table.ts'
import { proxyOrNone } from './proxy-url.ts'
import { path } from './values.ts'

/** The options about how an integration's requests leave (docs/network.md). */
export const NETWORK_OPTIONS = {
  proxy: row({
    default: 'as the file `env-vars` says',
    meaning:
      'The HTTP proxy for all requests of this integration, whatever `env-vars` says, or `none`: its service is asked directly. A user name and password stand before the host, percent-encoded.',
    example: 'http://bench:a-password@proxy.corp.example:3128',
    parse: proxyOrNone,
  }),
  'ca-file': row({
    default: 'none',
    meaning:
      'A PEM file of authorities that are trusted for this integration besides the usual ones: for a service, or a proxy, whose certificate comes from a private authority. It lies in the configuration directory, where a relative path starts.',
    example: 'ca/corp.pem',
    parse: path,
  }),
} as const satisfies OptionTable
