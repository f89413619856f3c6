import { addressRanges, listenAddress } from './addresses.ts'
import type { OptionRow, OptionTable } from './option-table.ts'
import { callbackAddress, publicUrl, sessionsUrl } from './urls.ts'
import { accountName, flag, path, plainText, socketPath, wholeNumber } from './values.ts'

/** The port of https, which the public URL has when it names none. */
export const DEFAULT_HTTPS_PORT = 443
/** The reference's port; behind a proxy it is nobody's habit to listen on 443 without TLS. */
export const DEFAULT_HTTP_PORT = 8787

/** A working day and the way home. */
export const DEFAULT_TERMINAL_HOURS = 12

/** The options of `benchkey.conf`. */
export const SERVER_OPTIONS = {
  'public-url': row({
    required: true,
    meaning: 'The address browsers use: a whole https URL. A base path is allowed, a trailing slash is dropped.',
    example: 'https://bench.corp.example',
    parse: publicUrl,
  }),
  'www-address': row({
    default: '0.0.0.0',
    meaning: 'The address to listen on.',
    example: '127.0.0.1',
    parse: listenAddress,
  }),
  'www-port': row({
    default: `${DEFAULT_HTTPS_PORT}, or ${DEFAULT_HTTP_PORT} without \`ssl-certificate\``,
    meaning: 'The port to listen on; 0 takes a free one.',
    example: '8443',
    parse: wholeNumber('port', 0, 65_535),
  }),
  'ssl-certificate': row({
    default: 'none; `trusted-proxies` is required then',
    meaning: 'The server’s certificate, followed by the intermediate ones, as PEM.',
    example: '/etc/benchkey/tls/bench.pem',
    parse: path,
  }),
  'ssl-certificate-key': row({
    default: 'none; required beside `ssl-certificate`',
    meaning: 'The private key of the certificate, as PEM without a passphrase. Mode 600, owned by the account of the server.',
    example: '/etc/benchkey/tls/bench.key',
    parse: path,
  }),
  'ssl-ca-certificate': row({
    default: 'none',
    meaning: 'The private CA behind the certificate, if any, as PEM: sessions are given it to trust the server.',
    example: '/etc/benchkey/tls/ca.pem',
    parse: path,
  }),
  'launcher-sessions-callback-address': row({
    default: 'the public URL',
    meaning: 'The address sessions use to ask for tokens: an https URL, or http on loopback.',
    example: 'https://bench-internal.corp.example:8443',
    parse: callbackAddress,
  }),
  'session-socket': row({
    default: '`rpc.sock` in the data directory with `single-user=1`, else a socket in `/run/benchkey` when the server is root',
    meaning:
      'A Unix socket on which the sessions of this host ask besides, for less processor time than by https; `none`: no such socket. Its directory is made if need be, and only root and the account of the server may be able to write in it.',
    example: '/run/benchkey/rpc.sock',
    parse: socketPath,
  }),
  'session-helper': row({
    default: 'none; sessions are started by a server that is root or has `single-user=1`',
    meaning: 'The socket of `benchkey session-helper`, which starts sessions as their users for a server that is not root.',
    example: '/run/benchkey/helper.sock',
    parse: path,
  }),
  'session-timeout-minutes': row({
    default: '120',
    meaning:
      'Minutes after which a session that Benchkey started ends when nobody has used it: no request of a browser, no token. 0: never.',
    example: '480',
    parse: wholeNumber('number of minutes', 0, 525_600),
  }),
  'sessions-per-user': row({
    default: '10',
    meaning: 'How many sessions Benchkey runs for one person at once.',
    example: '3',
    parse: wholeNumber('number of sessions', 1, 1000),
  }),
  'session-open-files': row({
    default: '65536',
    meaning: 'How many files each process of a session may have open; never more than its account may anyway. 0: as its account.',
    example: '16384',
    parse: wholeNumber('number of files', 0, 1_048_576),
  }),
  'session-processes': row({
    default: '4096',
    meaning:
      'How many processes and threads the account of a session may have, over all it runs, before the session can start no more. 0: as its account.',
    example: '1024',
    parse: wholeNumber('number of processes', 0, 4_194_304),
  }),
  'session-memory-mib': row({
    default: '0',
    meaning: 'MiB of memory that each process of a session may have (data and private maps, RLIMIT_DATA). 0: as its account.',
    example: '16384',
    parse: wholeNumber('number of MiB', 0, 16_777_216),
  }),
  'sessions-url': row({
    default: 'the host of the public URL with `sessions-port`; without `ssl-certificate` none, and session pages are off',
    meaning:
      'The address of session pages, another origin than the public URL: https, a host and perhaps a port. With `{id}` as the first label of the host each session has a host of its own. `none`: no session pages.',
    example: 'https://{id}.sessions.corp.example',
    parse: sessionsUrl,
  }),
  'sessions-port': row({
    default: '`www-port` + 1',
    meaning: 'The port that session pages are served on, at `www-address` and with the same certificate; 0 takes a free one.',
    example: '8444',
    parse: wholeNumber('port', 0, 65_535),
  }),
  'sessions-account': row({
    default: '`benchkey-proxy`',
    meaning:
      'The Unix account that the process of the session pages runs as when the server is root, and whose group is let into the sockets of sessions: one of the same name, with nobody else in it. Without such an account session pages are off. Nobody else should use it.',
    example: 'benchkey-proxy',
    parse: accountName,
  }),
  'shared-origin': row({
    default: '0',
    meaning:
      '1: session pages are served below the public URL itself. Whatever runs in a session can then act as its user on the pages of Benchkey; the pages for administrators are off for that reason.',
    example: '1',
    parse: flag,
  }),
  'single-user': row({
    default: '0',
    meaning: '1: exactly one account can log in, and its sessions run as the account of the server.',
    example: '1',
    parse: flag,
  }),
  'terminal-session-lifetime': row({
    default: `${DEFAULT_TERMINAL_HOURS}`,
    meaning: 'How many hours a terminal stays logged in after `benchkey login`, at most 744; 0: no terminal can be logged in.',
    example: '8',
    parse: wholeNumber('number of hours', 0, 744),
  }),
  'trusted-proxies': row({
    default: 'none; forwarded headers are ignored',
    meaning:
      'Addresses and CIDR ranges of reverse proxies whose forwarded headers are believed. Commas and white space separate.',
    example: '10.0.0.5, 2001:db8::/32',
    parse: addressRanges,
  }),
  'insecure-loopback-providers': row({
    default: '0',
    meaning:
      '1: every URL of an integration may point at this machine itself (loopback), also by http. For tests and the demo only; every start warns of it.',
    example: '1',
    parse: flag,
  }),
  'configuration-managed-by': row({
    default: 'none; administrators may change `oauth-clients.conf` on the page *Integrations*',
    meaning:
      'Who or what manages `oauth-clients.conf`, such as a tool that writes it: the page *Integrations* then shows it, names this as the reason, and changes nothing.',
    example: 'Ansible',
    parse: plainText,
  }),
  'shared-configuration': row({
    default: '0',
    meaning:
      '1: all servers of the database read one and the same `oauth-clients.conf`, on a shared directory. Without it the page *Integrations* changes nothing while servers with files of their own run; several on one host with one directory count as shared anyway.',
    example: '1',
    parse: flag,
  }),
  'deny-private-endpoints': row({
    default: '0',
    meaning:
      '1: nothing is asked of a service whose address belongs to a private network (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7). Seen when connecting, so it holds for what is asked directly; what passes a proxy is the proxy’s to judge.',
    example: '1',
    parse: flag,
  }),
  'secrets-dir': row({
    default: '`secrets` beside the file',
    meaning: 'The directory that `client-secret-file` and `password-file` may name files of.',
    example: '/etc/benchkey/secrets',
    parse: path,
  }),
} as const satisfies OptionTable

function row<T>(written: Omit<OptionRow<T>, 'required'> & Partial<Pick<OptionRow<T>, 'required'>>): OptionRow<T> {
  return { required: false, ...written }
}
