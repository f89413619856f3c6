import type { Agent } from 'node:http'
import { builtin } from './builtin.ts'
import { certificateAuthorities, type Environment, ownAuthority } from './session.ts'

/** How requests go to one server, over connections that are kept. */
export interface Transport {
  readonly request: typeof import('node:https').request
  readonly agent: Agent
  /** Another try with everything the session trusts, when Benchkey's certificate is not of its own authority any more. */
  readonly wider?: () => Transport
}

/**
 * The way to `url`, with what the session trusts. Benchkey's own authority is tried alone first where it lies beside the cookie: a
 * bundle with those of the whole world takes longer to read than all the rest of a call.
 */
export function createTransport(url: URL, environment: Environment): Transport {
  if (url.protocol === 'http:') {
    const { Agent, request } = builtin('node:http')
    return { request, agent: new Agent({ keepAlive: true }) }
  }
  const own = ownAuthority(environment)
  const wider = (): Transport => overTls(certificateAuthorities(environment))
  return own === undefined ? wider() : { ...overTls([own]), wider }
}

function overTls(ca: string[] | undefined): Transport {
  const { Agent, request } = builtin('node:https')
  // Said, for NODE_TLS_REJECT_UNAUTHORIZED would decide otherwise: it is set for other servers, and the cookie is for this one alone.
  return { request, agent: new Agent({ keepAlive: true, rejectUnauthorized: true, ...(ca ? { ca } : {}) }) }
}
