import type { Application } from '../domain/application.ts'
import type { Integration } from '../domain/integration.ts'

/** `benchkey.conf`, parsed. Paths are absolute. */
export interface ServerConfiguration {
  readonly wwwAddress: string
  readonly wwwPort: number
  /** https URL without a trailing slash; a base path is allowed. */
  readonly publicUrl: string
  /** Absent only behind a proxy of `trustedProxies`. */
  readonly sslCertificate?: string
  readonly sslCertificateKey?: string
  /** The private CA that sessions are given to trust the server. */
  readonly sslCaCertificate?: string
  /** `launcher-sessions-callback-address`, without a trailing slash; default: the public URL. */
  readonly callbackAddress: string
  readonly singleUser: boolean
  /** `terminal-session-lifetime`; 0: no terminal is logged in. */
  readonly terminalSessionHours: number
  /** Where the session socket lies; absent: where it lies by default. */
  readonly sessionSocket?: SessionSocketOption
  /** How session pages are served; absent: they are off. */
  readonly sessionPages?: SessionPagesConfiguration
  /** Whose group is let into the sockets of sessions. */
  readonly sessionsAccount: string
  /** Addresses and CIDR ranges; forwarded headers of others are ignored. */
  readonly trustedProxies: readonly string[]
  readonly insecureLoopbackProviders: boolean
  /** No service may have an address of a private network. */
  readonly denyPrivateEndpoints: boolean
  readonly secretsDir: string
  /** Who or what manages `oauth-clients.conf`; absent: this server may. */
  readonly configurationManagedBy?: string
  /** All servers of the database read the same `oauth-clients.conf`. */
  readonly sharedConfiguration?: true
  /** Socket of the session helper, absolute; absent: there is none. */
  readonly sessionHelper?: string
  /** When nobody has used a launched session for so long, it ends; 0: never. */
  readonly sessionTimeoutMinutes: number
  /** Launched sessions that one person may have at once. */
  readonly sessionsPerUser: number
  /** What each launched session may have at most; 0: as its account has it anyway. */
  readonly sessionLimits: SessionLimitOptions
}

/** `session-open-files`, `session-processes`, `session-memory-mib`. */
export interface SessionLimitOptions {
  readonly openFiles: number
  readonly processes: number
  readonly memoryMib: number
}

/** Where the pages of sessions are. */
export interface SessionPagesConfiguration {
  /** An origin, with `{id}` where each session has its own; absent: the host of the public URL with the port. */
  readonly url?: string
  /** 0: a free one. */
  readonly port: number
  /** Below the public URL itself. */
  readonly isSharedOrigin: boolean
}

/** `session-socket`: an absolute path, or no socket at all. */
export type SessionSocketOption = { readonly path: string } | 'none'

/** `database.conf`, parsed. */
export type DatabaseConfiguration = SqliteConfiguration | PostgresConfiguration

/** A database in a file of this machine. */
export interface SqliteConfiguration {
  readonly provider: 'sqlite'
  /** Absolute; default: the data directory. */
  readonly directory: string
}

/** A PostgreSQL, and who Benchkey is there. */
export interface PostgresConfiguration {
  readonly provider: 'postgresql'
  /** A host name, an address without brackets, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string
  /** TLS, the certificate verified. False only for this machine itself. */
  readonly tls: boolean
  /** PEM file of the only authorities believed; without it those that Node brings. */
  readonly sslCaCertificate?: string
  readonly poolSize: number
  readonly connectTimeoutMs: number
}

/** All configuration files, checked. */
export interface Configuration {
  readonly server: ServerConfiguration
  readonly database: DatabaseConfiguration
  /** In file order. */
  readonly integrations: readonly Integration[]
  /** What sessions may run; in the order people are offered them. */
  readonly applications: readonly Application[]
}

/** One finding: `file:line: [section] option: what is wrong, what would be right`. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1; 0 when the finding is about the whole file. */
  readonly line: number
  readonly section?: string
  readonly option?: string
  /** One plain sentence: what is wrong, what would be right. Never holds a secret. */
  readonly message: string
}

/** Configuration is present exactly when no diagnostic is an error. */
export interface LoadResult {
  readonly configuration?: Configuration
  readonly diagnostics: readonly Diagnostic[]
  /** The bytes of `oauth-clients.conf` that were judged; empty: there is no such file. */
  readonly oauthClients?: Buffer
}
