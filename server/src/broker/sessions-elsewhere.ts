import type { DevelopmentSession } from '../domain/people.ts'
import type { Store } from '../store/store.ts'
import type { NodeIdentity } from './node-heart.ts'

/** Ids of sessions whose supervisor this server cannot see. */
export interface SessionsElsewhere {
  readonly all: ReadonlySet<string>
  /** Those whose cookie has ended as well: nobody has renewed it for a day, so nobody is there. */
  readonly forsaken: ReadonlySet<string>
}

/**
 * Which sessions are for other servers to judge: those opened by a server that lives, or on another host. Their pids mean other
 * processes here, or none. What a server left that is gone, on this boot or an earlier one of this host, is judged here.
 */
export async function sessionsElsewhere(
  sessions: readonly DevelopmentSession[],
  store: Pick<Store, 'nodes' | 'sessions'>,
  own: Pick<NodeIdentity, 'holder' | 'host'> & { readonly bootId: string },
): Promise<SessionsElsewhere> {
  const foreign = sessions.filter(({ supervisor, node }) => supervisor && node !== undefined && node !== own.holder.nodeId)
  if (foreign.length === 0) return { all: new Set(), forsaken: new Set() }
  const nodes = await store.nodes.list()
  const living = new Set(nodes.flatMap(({ holder, isLive }) => (isLive ? [holder.nodeId] : [])))
  const all = foreign.filter(({ supervisor, node = '' }) => {
    if (living.has(node)) return true
    const isThisMachine = supervisor?.bootId === own.bootId || hostOfNode(node) === own.host
    return !isThisMachine
  })
  const opened = await store.sessions.withLiveCookie()
  const forsaken = all.filter(({ id, node = '' }) => !living.has(node) && !opened.has(id))
  return { all: new Set(all.map(({ id }) => id)), forsaken: new Set(forsaken.map(({ id }) => id)) }
}

/** A node id begins with its host's name. */
function hostOfNode(nodeId: string): string {
  return nodeId.split(' ', 1)[0] ?? ''
}
