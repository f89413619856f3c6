import { SetupError } from '../domain/errors.ts'
import { PostgresError } from './postgres-errors.ts'
import type { PostgresAddress } from './postgres-pool.ts'

/** The oldest PostgreSQL that the queries were written for; 12 is past its end of life. */
const OLDEST_VERSION = 13

const LATER = { exitCode: 75 } as const

/** What a server says of itself before anything is written. */
export interface ServerFacts {
  /** `server_version_num`: 130004 is 13.4. */
  readonly version: number
  readonly encoding: string
}

/** Throws SetupError when Benchkey cannot keep its tables there. */
export function checkServer({ version, encoding }: ServerFacts, address: PostgresAddress): void {
  const place = placeOf(address)
  if (version < OLDEST_VERSION * 10_000) {
    const shown =
      version >= 100_000 ? Math.floor(version / 10_000) : `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}`
    throw new SetupError(`PostgreSQL at ${place} is version ${shown}: Benchkey needs ${OLDEST_VERSION} or newer.`)
  }
  if (encoding !== 'UTF8') {
    throw new SetupError(
      `The database ${address.database} at ${place} is encoded as ${encoding}: make one with CREATE DATABASE … ENCODING 'UTF8'.`,
    )
  }
}

/** Why a start failed at PostgreSQL, in one sentence without the password. What is none of PostgreSQL's passes through. */
export function asSetupError(error: unknown, address: PostgresAddress): unknown {
  if (!(error instanceof PostgresError)) return error
  const known = KNOWN[error.reason]
  if (known) return known(address, error)
  const words = `${error.message.replace(/\.$/, '')} (PostgreSQL at ${placeOf(address)})`
  return new SetupError(
    `${withoutPassword(words, address)}: see database.conf and the log of PostgreSQL.`,
    error.again ? LATER : {},
  )
}

type Sentence = (address: PostgresAddress, error: PostgresError) => SetupError

const unbelieved: Sentence = (address) =>
  new SetupError(
    `The certificate of PostgreSQL at ${placeOf(address)} is not signed by an authority that Benchkey believes: name its CA in ssl-ca-certificate of database.conf.`,
  )

const outOfTime: Sentence = (address) =>
  new SetupError(`The certificate of PostgreSQL at ${placeOf(address)} is not valid at this time: renew it there.`, LATER)

const silent: Sentence = (address, { reason }) =>
  new SetupError(
    `PostgreSQL at ${placeOf(address)} does not answer (${reason}): start it, or correct connection-uri in database.conf.`,
    LATER,
  )

const busy: Sentence = (address, { message }) =>
  new SetupError(`PostgreSQL at ${placeOf(address)} is not ready: ${message}`, LATER)

const KNOWN: Readonly<Record<string, Sentence>> = {
  '28P01': (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} refuses user and password of "${address.user}": correct connection-uri or password-file in database.conf.`,
    ),
  '28000': (address, error) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} does not let "${address.user}" in to "${address.database}" (${withoutPassword(ownWords(error), address)}): change its pg_hba.conf, or connection-uri in database.conf.`,
    ),
  '3D000': (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} has no database "${address.database}": create it, or correct connection-uri in database.conf.`,
    ),
  '42501': (address) =>
    new SetupError(
      `The user "${address.user}" may not make tables in the database "${address.database}" at ${placeOf(address)}: make it the owner of the database.`,
    ),
  '53300': busy,
  '57P03': busy,
  '25006': (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} is a standby, which cannot be written: name the primary in database.conf.`,
      LATER,
    ),
  NO_TLS: (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} speaks no TLS: switch ssl on there; Benchkey does without on this machine only.`,
    ),
  NO_PASSWORD: (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} asks for a password of "${address.user}": write one into connection-uri or password-file of database.conf.`,
    ),
  NO_PROOF: (address) =>
    new SetupError(
      `PostgreSQL at ${placeOf(address)} does not prove that it knows the password of "${address.user}": have it ask by scram-sha-256 (pg_hba.conf), or use TLS (ssl-ca-certificate) or a Unix socket in a directory of its own.`,
    ),
  DEPTH_ZERO_SELF_SIGNED_CERT: unbelieved,
  SELF_SIGNED_CERT_IN_CHAIN: unbelieved,
  UNABLE_TO_GET_ISSUER_CERT: unbelieved,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unbelieved,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unbelieved,
  CERT_SIGNATURE_FAILURE: unbelieved,
  ERR_TLS_CERT_ALTNAME_INVALID: (address) =>
    new SetupError(
      `The certificate that PostgreSQL at ${placeOf(address)} shows is made for another name: write the name it is made for into connection-uri of database.conf.`,
    ),
  CERT_HAS_EXPIRED: outOfTime,
  CERT_NOT_YET_VALID: outOfTime,
  ECONNREFUSED: silent,
  ECONNRESET: silent,
  EAI_AGAIN: silent,
  EHOSTUNREACH: silent,
  ENETUNREACH: silent,
  ENOENT: silent,
  ETIMEDOUT: silent,
  'no answer in time': silent,
  ENOTFOUND: (address) =>
    new SetupError(
      `The host ${address.host} in connection-uri of database.conf is not known: correct it, or try again later.`,
      LATER,
    ),
}

/** `host:port`, or the directory of the socket. */
function placeOf({ host, port }: PostgresAddress): string {
  if (host.startsWith('/')) return `${host} (port ${port})`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function ownWords({ cause }: PostgresError): string {
  return cause instanceof Error ? cause.message : 'no reason given'
}

function withoutPassword(words: string, { password }: PostgresAddress): string {
  return password === undefined || password === '' ? words : words.replaceAll(password, '…')
}
