import { BrokerError } from '../domain/errors.ts'
import type { Integration } from '../domain/integration.ts'
import { stateOfIntegration } from '../domain/integration-state.ts'
import { type Caller, mayUse } from '../domain/people.ts'
import { plainPhrasing, printable, type State } from '../domain/states.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { IntegrationTrouble, Store } from '../store/store.ts'
import type { IntegrationView } from './broker.ts'
import type { Catalogue } from './catalogue.ts'
import { refusalOf } from './refusals.ts'

/** An open sign-in attempt is good for ten minutes, in milliseconds (security.md, *Authorization request*). */
export const ATTEMPT_LIFE_MS = 10 * 60 * 1000

type Sources = { readonly catalogue: Catalogue; readonly store: Store }

/** Every configured integration as one user has it now, in file order, those that are switched off too. */
export async function viewsFor(sources: Sources, userId: string): Promise<readonly IntegrationView[]> {
  const { catalogue, store } = sources
  const [tokens, troubles, attempts] = await Promise.all([
    store.tokens.listForUser(userId),
    store.integrations.troubles(),
    store.attempts.listOpen(userId, ATTEMPT_LIFE_MS),
  ])
  return catalogue.all().map((integration) => {
    const internalId = catalogue.internalId(integration.uid)
    const token = tokens.find((candidate) => candidate.integrationId === internalId)
    // One that was begun before the sign-in there is now is waited for by nobody.
    const isOpen = (attempt: (typeof attempts)[number]): boolean => !token || attempt.startedAt >= token.signedInAt
    const waiting = attempts.find((attempt) => attempt.integrationId === internalId && isOpen(attempt))
    return {
      integration,
      state: stateFor(sources, integration, token, internalId === undefined ? undefined : troubles.get(internalId)),
      ...(token ? { token } : {}),
      redirectUri: catalogue.redirectUriOf(integration),
      ...(waiting ? { waitingSince: waiting.startedAt } : {}),
    }
  })
}

/** The state of one integration for the owner of `token`. A trouble of an earlier configuration counts for nothing. */
export function stateFor(
  { catalogue, store }: Sources,
  integration: Integration,
  token: StoredToken | undefined,
  trouble: IntegrationTrouble | undefined,
): State {
  const current = trouble?.configurationHash === catalogue.configurationHashOf(integration) ? trouble : undefined
  return stateOfIntegration(integration, token, {
    now: store.now(),
    clientFingerprint: catalogue.fingerprintOf(integration),
    changedAt: catalogue.changedAt(integration),
    ...(current ? { trouble: current } : {}),
  })
}

/** Of whom nothing is limited: a person at a page. */
const UNLIMITED: Pick<Caller, 'limitedTo'> = {}

/**
 * The refusal for an integration that the session may not use, that is switched off, or that nobody knows here, then with the
 * nearest one that is listed.
 */
export function unlistedIntegration(catalogue: Catalogue, asked: string, caller = UNLIMITED): BrokerError {
  const phrasing = plainPhrasing(catalogue.publicUrl)
  const known = catalogue.find(asked)
  if (known) {
    const { displayName: name, section, isDisabled, uid } = known
    if (!mayUse(caller, uid)) return refusalOf({ code: 'unknown_integration', reason: 'limited', name, section }, phrasing)
    if (isDisabled) return refusalOf({ code: 'configuration_error', reason: 'disabled', name, section }, phrasing)
  }
  const near = catalogue.near(asked, ({ uid }) => mayUse(caller, uid))
  const state: State = { code: 'unknown_integration', asked, ...(near === undefined ? {} : { near }) }
  return refusalOf(state, phrasing)
}

/** The refusal for a display name that several integrations carry. */
export function ambiguousName(asked: string, named: readonly Integration[]): BrokerError {
  const choice = named.map(({ section, uid }) => `${section} (${uid})`).join(' or ')
  const sentence = `"${printable(asked)}" is the name of several integrations. Use the section or the ID: ${choice}.`
  return new BrokerError('unknown_integration', sentence, { sentence })
}
