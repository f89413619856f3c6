import { statSync } from 'node:fs'
import pg from 'pg'

/** Why a client is not used, in the words of its failure. */
export const UNPROVEN = 'the server does not prove that it knows the password'

/**
 * A connection that believes its server for a reason: a certificate, a place that nobody else can listen at, or else its proof that
 * it knows the password. A port of loopback belongs to whoever opens it first, and that is anybody while PostgreSQL is down.
 */
export class CarefulClient extends pg.Client {
  readonly #needsProof: boolean
  #hasProof = false

  constructor(config: pg.ClientConfig = {}) {
    super(config)
    const { connection } = this
    const { ssl, host = '' } = config
    this.#needsProof = !ssl && !(host.startsWith('/') && isClosed(host))
    // node-postgres leaves the socket of a connection open that it gave up by itself, over a missing password for instance.
    connection.on('error', () => {
      this.#hasProof = false
      connection.stream.destroy()
    })
    // RFC 5802 §3: the last message of SCRAM. A wrong one is an error, told right after this.
    connection.on('authenticationSASLFinal', () => {
      this.#hasProof = true
    })
    if (!this.#needsProof) return
    // Nothing that is written from here on leaves.
    const refuse = (): unknown => connection.stream.destroy(new Error(UNPROVEN))
    connection.on('authenticationCleartextPassword', refuse)
    connection.on('authenticationMD5Password', refuse)
  }

  /** Whether what answers is the server, as far as can be known; it counts once the connection is there. */
  isBelieved(): boolean {
    return this.#hasProof || !this.#needsProof
  }
}

/** Whether not everybody may make a socket in the directory. */
function isClosed(directory: string): boolean {
  const stats = statSync(directory, { throwIfNoEntry: false })
  return stats === undefined || (stats.mode & 0o002) === 0
}
