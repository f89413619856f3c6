import type { OptionRow, OptionTable } from './option-table.ts'
import { postgresUri } from './postgres-uri.ts'
import { choice, path, wholeNumber } from './values.ts'

/** Enough for one server process: look-ups of many callers share a statement, writes are short. */
export const DEFAULT_POOL_SIZE = 10
/** Half of what a caller of the token path waits, so that a second try fits. */
export const DEFAULT_CONNECT_TIMEOUT_SECONDS = 5

/** The options of `database.conf`. */
export const DATABASE_OPTIONS = {
  provider: row({
    default: 'sqlite',
    meaning: 'The kind of database: `sqlite` for one machine, `postgresql` (13 or newer) for several.',
    example: 'sqlite',
    parse: choice('provider', { sqlite: 'sqlite', postgresql: 'postgresql' } as const),
  }),
  directory: row({
    default: 'the data directory',
    meaning: '`sqlite`: the directory that holds the database.',
    example: '/var/lib/benchkey',
    parse: path,
  }),
  'connection-uri': row({
    default: 'none; required with `provider=postgresql`',
    meaning:
      '`postgresql`: where it is and who Benchkey is there. Without a host name, `?host=` names the directory of a Unix socket. Every other character of user and password than letters, digits and `-._~` is percent-encoded.',
    example: 'postgresql://benchkey@db.corp.example/benchkey',
    parse: postgresUri,
  }),
  'password-file': row({
    default: 'none',
    meaning:
      '`postgresql`: a file with the password alone, instead of one in `connection-uri`; inside `secrets-dir` or a systemd credential.',
    example: 'secrets/database-password',
    parse: path,
  }),
  'ssl-ca-certificate': row({
    default: 'the authorities that Node brings',
    meaning: '`postgresql`: the private CA behind the certificate of PostgreSQL, as PEM; no other is believed then.',
    example: '/etc/benchkey/tls/database-ca.pem',
    parse: path,
  }),
  'pool-size': row({
    default: `${DEFAULT_POOL_SIZE}`,
    meaning: '`postgresql`: how many connections each server process holds at most.',
    example: '20',
    parse: wholeNumber('number of connections', 2, 500),
  }),
  'connect-timeout': row({
    default: `${DEFAULT_CONNECT_TIMEOUT_SECONDS}`,
    meaning: '`postgresql`: seconds to wait for a connection.',
    example: '10',
    parse: wholeNumber('number of seconds', 1, 60),
  }),
} as const satisfies OptionTable

function row<T>(written: Omit<OptionRow<T>, 'required'>): OptionRow<T> {
  return { required: false, ...written }
}
