import { ClientSecrets } from '../../src/broker/client-secrets.ts'
import type { Integration, RefreshReuse } from '../../src/domain/integration.ts'
import { type Store, StoreError } from '../../src/store/store.ts'
import type { SimulatedNode, World } from './world.ts'

/** What a flight tells others, of whom there are none here; the simulated client has one secret. */
export const UNTOLD = {
  askAccount: () => undefined,
  changed: () => undefined,
  clientSecrets: new ClientSecrets(() => undefined),
}

/** The one integration of a simulated history. */
export function integrationWith(refreshReuse: RefreshReuse): Integration {
  return {
    uid: '4c1cfecb-1927-4f19-bc2f-d8ac261364e0',
    section: 'lab',
    displayName: 'Lab API',
    client: { clientId: 'lab', clientSecret: 'lab-secret', authenticationMethod: 'client-secret-post' },
    authorizationUrl: 'https://lab.example/authorize',
    tokenUrl: 'https://lab.example/token',
    revocationUrl: 'https://lab.example/revoke',
    scopes: [],
    scopeSeparator: ' ',
    redirectUri: 'fixed',
    pkce: 'S256',
    authorizationParams: [],
    refreshReuse,
    revocationScope: 'grant',
    deadRefreshErrors: [],
  }
}

/** Whether something failed because the database was away. */
export function isAway(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === 'busy'
  return error instanceof Error && error.cause !== undefined && isAway(error.cause)
}

/** A store whose every call is a point in time at which its node may be killed, before or after. `saved`: a reply is kept. */
export function pointedStore(
  world: World,
  node: SimulatedNode,
  store: Store,
  { saved, isAway }: { readonly saved: (result: unknown) => void; readonly isAway: () => boolean },
): Store {
  const wrap = <T extends object>(group: T): T =>
    new Proxy(group, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) =>
          world.point(node, world.random.next() * 3, async () => {
            if (isAway()) throw new StoreError('busy', 'The database is away.')
            const answer: unknown = await Reflect.apply(member, target, args)
            if (key === 'saveReply' || key === 'saveLate') saved(args[0])
            return answer
          })
      },
    })
  return {
    deploymentId: store.deploymentId,
    users: wrap(store.users),
    browserSessions: wrap(store.browserSessions),
    integrations: wrap(store.integrations),
    attempts: wrap(store.attempts),
    tokens: wrap(store.tokens),
    unreadReplies: wrap(store.unreadReplies),
    sessions: wrap(store.sessions),
    entries: wrap(store.entries),
    deviceLogins: wrap(store.deviceLogins),
    services: wrap(store.services),
    revocations: wrap(store.revocations),
    audit: wrap(store.audit),
    activity: wrap(store.activity),
    nodes: wrap(store.nodes),
    dialect: store.dialect,
    keys: () => store.keys(),
    configuration: wrap(store.configuration),
    sentinels: () => store.sentinels(),
    now: () => new Date(world.nowMs),
    ping: () => store.ping(),
    openJournal: (folder, holder) => store.openJournal(folder, holder),
    epoch: () =>
      world.point(node, world.random.next() * 3, async () =>
        isAway() ? Promise.reject(new StoreError('busy', 'The database is away.')) : store.epoch(),
      ),
    close: () => store.close(),
  }
}

/** For what a history does not look at. */
export const idle = async (): Promise<void> => undefined
