import type { User } from '../domain/people.ts'
import { printable } from '../domain/states.ts'
import type { OwnedToken, Store } from '../store/store.ts'
import { badRequest } from './bad-request.ts'
import type { UserDetails } from './broker.ts'
import type { SignInView } from './broker-of-oversight.ts'
import type { Catalogue } from './catalogue.ts'
import { stateFor } from './integration-views.ts'
import { BROWSER_SESSION_LIMITS } from './logins.ts'

type Sources = { readonly store: Store; readonly catalogue: Catalogue }

/** One user with sessions and stored sign-ins. Rejects with bad_request when there is none of that name. */
export async function detailsOfUser(sources: Sources, name: string): Promise<UserDetails> {
  const { store } = sources
  const user = await getUser(store, name)
  const [signIns, sessions, browserSessions] = await Promise.all([
    viewsOf(sources, await store.tokens.list({ userId: user.id })),
    store.sessions.list(),
    store.browserSessions.countLive(user.id, BROWSER_SESSION_LIMITS),
  ])
  return { user, browserSessions, sessions: sessions.filter(({ userId }) => userId === user.id), signIns }
}

/** Stored sign-ins of all users or of one, at all integrations or at one (its section, display name or ID, any case). */
export async function listSignIns(
  sources: Sources,
  filter: { readonly userName?: string; readonly integration?: string },
): Promise<readonly SignInView[]> {
  const { store, catalogue } = sources
  const user = filter.userName === undefined ? undefined : await getUser(store, filter.userName)
  const views = await viewsOf(sources, await store.tokens.list(user ? { userId: user.id } : {}))
  const asked = filter.integration
  if (asked === undefined) return views
  const found = views.filter((view) => namesOf(view).some((name) => isSameName(name, asked)))
  const isKnown = catalogue
    .all()
    .some(({ uid, section, displayName }) => [uid, section, displayName].some((n) => isSameName(n, asked)))
  if (found.length > 0 || isKnown) return found
  const near = catalogue.near(asked)
  throw badRequest(
    `There is no integration "${printable(asked)}"${near === undefined ? '' : `; the nearest one is "${printable(near)}"`}.`,
  )
}

/** A user by name, any case. Rejects with bad_request when there is none. */
export async function getUser(store: Store, name: string): Promise<User> {
  const user = await store.users.findByName(name.normalize('NFC'))
  if (!user) throw noSuchUser(name)
  return user
}

/** The refusal for a user nobody knows here. */
export function noSuchUser(name: string): Error {
  return badRequest(`There is no user "${printable(name)}". See them with: benchkey user list`)
}

async function viewsOf(sources: Sources, rows: readonly OwnedToken[]): Promise<readonly SignInView[]> {
  const { store, catalogue } = sources
  const [troubles, unread] = await Promise.all([store.integrations.troubles(), store.unreadReplies.list()])
  const kept = Map.groupBy(unread, ({ tokenId }) => tokenId)
  return rows.map((owned) => {
    const row = { ...owned, unreadReplies: kept.get(owned.token.id)?.length ?? 0 }
    const integration = catalogue.findByInternalId(row.token.integrationId)
    if (!integration) return row
    const state = stateFor(sources, integration, row.token, troubles.get(row.token.integrationId))
    return { ...row, section: integration.section, integration, state }
  })
}

function namesOf({ token, section, integration }: SignInView): readonly string[] {
  return [token.integrationUid, section, ...(integration ? [integration.displayName] : [])]
}

function isSameName(name: string, asked: string): boolean {
  return name.toLowerCase() === asked.trim().toLowerCase()
}
