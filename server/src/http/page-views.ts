import type { PageIntegration, PageIntegrationDetails, PageIntegrations, PageSwitchedOff } from '@benchkey/sdk/pages'
import type { IntegrationDetails, IntegrationView } from '../broker/broker.ts'
import { chooseAccountParamsOf, hostOf, type Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { pagePhrasing, plainPhrasing, type Sentence, sentenceOf } from '../domain/states.ts'
import type { StoredToken } from '../domain/stored-token.ts'

/** What pages show, for one public URL. */
export interface ViewFacts {
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly basePath: string
}

/** `GET /api/integrations`. */
export function pageIntegrationsOf(views: readonly IntegrationView[], user: User, facts: ViewFacts): PageIntegrations {
  const listed = views.filter(({ integration }) => !integration.isDisabled)
  const integrations = listed.map((view) => pageIntegrationOf(view, user, facts))
  const off = views.filter(({ integration }) => integration.isDisabled)
  return {
    integrations,
    needYou: integrations.filter(needsUser).length,
    ...(off.length === 0 ? {} : { switchedOff: off.map((view) => switchedOffOf(view, facts)) }),
  }
}

function switchedOffOf({ integration, state }: IntegrationView, facts: ViewFacts): PageSwitchedOff {
  const { displayName: name, section, previousNames } = integration
  const { explanation, action } = sentenceOf(state, pagePhrasing(facts.basePath))
  return { name, sections: [section, ...(previousNames ?? [])], explanation, action }
}

/** Only the user can mend it, by a sign-in. Never signed in is a choice, not a need. */
function needsUser(integration: PageIntegration): boolean {
  return integration.tone === 'warn' && integration.pageAction === 'sign-in'
}

function pageIntegrationOf(view: IntegrationView, user: User, facts: ViewFacts): PageIntegration {
  const { integration, state, token } = view
  const sentence = sentenceOf(state, pagePhrasing(facts.basePath))
  return {
    uid: integration.uid,
    section: integration.section,
    name: integration.displayName,
    ...(integration.description === undefined ? {} : { description: integration.description }),
    ...(integration.icon
      ? { icon: `${facts.basePath}/api/integrations/${integration.uid}/icon?${integration.icon.version}` }
      : {}),
    ...(integration.previousNames ? { previousNames: integration.previousNames } : {}),
    state: sentence.code,
    ...(sentence.reason === undefined ? {} : { reason: sentence.reason }),
    tone: sentence.tone,
    label: sentence.label,
    explanation: sentence.explanation,
    pageAction: sentence.pageAction,
    ...administratorMessageOf(view, sentence, user, facts),
    signedIn: token !== undefined,
    ...(token?.account === undefined ? {} : { account: token.account }),
    host: hostOf(integration.authorizationUrl),
    redirectUri: view.redirectUri,
    ...(view.waitingSince ? { waitingSince: view.waitingSince.toISOString() } : {}),
  }
}

/** Complete enough to be pasted into a ticket: what is wrong, where, for whom. */
function administratorMessageOf(
  { integration, state }: IntegrationView,
  sentence: Sentence,
  user: User,
  facts: ViewFacts,
): { administratorMessage?: string } {
  if (sentence.pageAction !== 'copy-for-administrator') return {}
  const phrasing = plainPhrasing(facts.publicUrl)
  const since = state.at ? ` Since ${phrasing.time(state.at)}.` : ''
  const where = `Integration ${integration.section} (${integration.uid}) on ${facts.publicUrl}, seen by ${user.name}. Test it with: benchkey verify ${integration.section}`
  return { administratorMessage: `${sentenceOf(state, phrasing).explanation}${since} ${where}` }
}

/** `GET /api/integrations/:uid`. */
export function pageDetailsOf(details: IntegrationDetails, user: User, facts: ViewFacts): PageIntegrationDetails {
  const { integration, token, revocation } = details
  return {
    ...pageIntegrationOf(details, user, facts),
    configuration: {
      clientId: integration.client.clientId,
      authorizationUrl: integration.authorizationUrl,
      tokenUrl: integration.tokenUrl,
      scopes: integration.scopes,
      ...(integration.issuer === undefined ? {} : { issuer: integration.issuer }),
      ...(integration.documentationUrl === undefined ? {} : { documentationUrl: integration.documentationUrl }),
    },
    ...(token ? { signIn: signInOf(token) } : {}),
    asksWhichAccount: chooseAccountParamsOf(integration).length > 0,
    runningSessions: details.runningSessions,
    ...(revocation ? { revocation: { ...revocation, since: revocation.since.toISOString() } } : {}),
    snippets: snippetsOf(integration),
  }
}

function signInOf(token: StoredToken): NonNullable<PageIntegrationDetails['signIn']> {
  const { scopesGranted, lastRenewedAt, lastUsedAt, lastUsedBy, validation } = token
  return {
    since: token.signedInAt.toISOString(),
    renewals: token.renewals,
    ...(lastRenewedAt ? { lastRenewedAt: lastRenewedAt.toISOString() } : {}),
    ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
    ...(lastUsedBy === undefined ? {} : { lastUsedBy }),
    ...(scopesGranted ? { granted: scopesGranted } : {}),
    notGranted: scopesGranted ? token.scopesAsked.filter((scope) => !scopesGranted.includes(scope)) : [],
    hasRefreshToken: token.hasRefreshToken,
    ...(validation ? { checked: { ...validation, at: validation.at.toISOString() } } : {}),
    canTryAgain: token.parked,
  }
}

/** Code that asks for the token each time: one kept in a variable for an hour is an hour old. */
function snippetsOf({ uid, section }: Integration): PageIntegrationDetails['snippets'] {
  const named = /^[\w.-]+$/.test(section) && !section.startsWith('-') ? section : uid
  return [
    { language: 'R', code: `token <- rstudioapi::getOAuthCredentials("${uid}")$access_token` },
    {
      language: 'Python',
      // In a variable: posit-sdk holds its client weakly, and `Client().oauth…` fails with a ReferenceError.
      code: `from posit.workbench import Client\n\nclient = Client()\ntoken = client.oauth.get_credentials("${uid}")["access_token"]`,
    },
    { language: 'Shell', code: `benchkey token ${named} --header | curl -H @- "$URL"` },
    {
      language: 'TypeScript',
      code: `import { createClient } from '@benchkey/sdk'\n\nconst { accessToken } = await createClient().token('${uid}')`,
    },
  ]
}
