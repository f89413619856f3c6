import type { PageIntegration, PageIntegrationDetails, PageProblem, PageSwitchedOff } from '@benchkey/sdk/pages'

const REDIRECT_URI = 'https://bench.example.com/oauth_redirect_callback'

/** The instant the samples speak of: today's 10:02 local time, so that screenshots are alike. */
const SAMPLE_AT = new Date(2026, 10, 21, 10, 2, 9)

/** The browser's clock in tests. */
export const SAMPLE_NOW = new Date(2026, 10, 21, 14, 30, 0)

const uidOf = (index: number): string => `${String(index).padStart(8, '0')}-6a1f-4c7e-9d52-0b8e3f1c7a44`

/** A healthy integration; `changes` makes it another one. */
export function sample(index: number, changes: Partial<PageIntegration> = {}): PageIntegration {
  return {
    uid: uidOf(index),
    section: `section-${index}`,
    name: `Service ${index}`,
    state: 'signed_in',
    reason: 'renews',
    tone: 'ok',
    label: 'Signed in · renews itself',
    explanation: '',
    pageAction: 'none',
    signedIn: true,
    account: 'ada@example.com',
    host: 'account.box.com',
    redirectUri: REDIRECT_URI,
    ...changes,
  }
}

const NOT_SIGNED_IN = {
  state: 'not_signed_in',
  tone: 'neutral',
  label: 'Not signed in',
  explanation: 'You are not signed in to it.',
  pageAction: 'sign-in',
  signedIn: false,
} as const satisfies Partial<PageIntegration>

const box = sample(1, {
  section: 'box-integration',
  name: 'Box API Access',
  description: 'Shared project folders',
  icon: '/favicon.svg',
  previousNames: ['box'],
})
const api = sample(2, {
  section: 'custom-api',
  name: 'Company Internal API',
  host: 'api.company.com',
  label: 'Signed in · ends {time:2026-11-21T15:40:00.000Z}, cannot renew',
})
const github = sample(3, {
  section: 'github',
  name: 'GitHub',
  host: 'github.com',
  label: 'Signed in · does not expire',
  account: 'ada-l',
})
const google = sample(4, {
  section: 'google',
  name: 'Google Drive',
  host: 'accounts.google.com',
  ...NOT_SIGNED_IN,
  description: 'Read-only, for reports',
})

/** Everything works. */
export const HEALTHY: readonly PageIntegration[] = [box, api, github, google]

const at = `{time:${SAMPLE_AT.toISOString()}}`

/** One sign-in needs the user. */
export const ONE_PROBLEM: readonly PageIntegration[] = [
  { ...box, ...NOT_SIGNED_IN, ...reauthentication('Box API Access') },
  api,
  github,
  google,
]

function reauthentication(name: string) {
  return {
    state: 'reauthentication_required',
    reason: 'refused',
    tone: 'warn',
    label: 'Sign in again',
    explanation: `${name} stopped accepting your sign-in on ${at}. Usual causes: a changed password, access revoked there, or months without use.`,
  } as const
}

/** Every code of the table of states that a row can have, once. */
export const EVERY_STATE: readonly PageIntegration[] = [
  ...ONE_PROBLEM,
  sample(5, {
    name: 'Salesforce',
    section: 'salesforce',
    state: 'scope_missing',
    tone: 'warn',
    label: 'Signed in · more access asked',
    explanation: 'Salesforce now also asks for refresh_token, api. Your token works, without that access.',
    pageAction: 'sign-in',
  }),
  sample(6, {
    name: 'Jira',
    section: 'jira',
    state: 'renewal_delayed',
    tone: 'warn',
    label: 'Signed in · renewal delayed',
    explanation: `auth.atlassian.com did not renew your token at ${at} (answered 503). It works until {time:2026-11-21T15:40:00.000Z}.`,
  }),
  sample(7, {
    name: 'Snowflake',
    section: 'snowflake',
    state: 'provider_unavailable',
    tone: 'warn',
    label: 'Service not answering',
    explanation: `acme.snowflakecomputing.com has not answered since ${at} (timed out after 15 s). Your sign-in is kept.`,
  }),
  sample(8, {
    name: 'Dropbox',
    section: 'dropbox',
    state: 'configuration_error',
    reason: 'client',
    tone: 'danger',
    label: 'Configuration error',
    explanation:
      "api.dropboxapi.com refuses Benchkey's client ID or secret, so nobody gets tokens for Dropbox. Your sign-in is kept.",
    pageAction: 'copy-for-administrator',
    administratorMessage: `Benchkey, [dropbox]: api.dropboxapi.com refuses the client ID or secret since ${at}.`,
  }),
  sample(9, {
    name: 'Zoom',
    section: 'zoom',
    host: 'zoom.us',
    ...NOT_SIGNED_IN,
    waitingSince: new Date(SAMPLE_NOW.getTime() - 95_000).toISOString(),
  }),
]

/** Forty rows with names nobody would wish for. */
export const FORTY: readonly PageIntegration[] = Array.from({ length: 40 }, (_, index) => {
  const problem = index % 11 === 3 ? { ...NOT_SIGNED_IN, ...reauthentication('This service') } : {}
  return sample(index + 1, {
    name:
      index % 3 === 0
        ? `Clinical Trial Data Warehouse of the European Research Consortium, Region ${index + 1}`
        : index % 3 === 1
          ? `ext_prod_oauth_client_for_analytics_and_reporting_${index + 1}`
          : `Box ${index + 1}`,
    description:
      'Read access to the curated tables of the quarterly reporting pipeline, with the service account of the data office',
    account: 'friedrich-wilhelm.von-mueller-luedenscheidt@research-consortium.example.com',
    ...(index % 5 === 4 ? NOT_SIGNED_IN : {}),
    ...problem,
  })
})

/** One that an administrator has switched off. */
export const SWITCHED_OFF: PageSwitchedOff = {
  name: 'The Lab',
  sections: ['lab', 'old-lab'],
  explanation: 'An administrator has switched The Lab off, so nobody gets tokens for it. Stored sign-ins are kept.',
  action: 'Ask your administrator when it will be back.',
}

/** What the Info dialog gets for a row. */
export function detailsOf(integration: PageIntegration): PageIntegrationDetails {
  return {
    ...integration,
    configuration: {
      clientId: 'your-box-client-id',
      authorizationUrl: `https://${integration.host}/api/oauth2/authorize`,
      tokenUrl: `https://${integration.host}/api/oauth2/token`,
      scopes: ['root_readwrite', 'offline_access'],
      documentationUrl: 'https://wiki.example.com/data-services/how-to-use-this-service#access',
    },
    ...(integration.signedIn
      ? {
          signIn: {
            since: new Date(2026, 9, 2, 9, 15).toISOString(),
            renewals: 214,
            lastRenewedAt: SAMPLE_AT.toISOString(),
            lastUsedAt: new Date(SAMPLE_NOW.getTime() - 3 * 60_000).toISOString(),
            lastUsedBy: 'session analysis',
            granted: ['root_readwrite'],
            notGranted: ['offline_access'],
            hasRefreshToken: true,
            checked: { at: new Date(SAMPLE_NOW.getTime() - 60 * 60_000).toISOString() },
            canTryAgain: false,
          },
        }
      : {}),
    runningSessions: 2,
    asksWhichAccount: true,
    snippets: [
      { language: 'R', code: `token <- rstudioapi::getOAuthCredentials("${integration.uid}")$access_token` },
      {
        language: 'Python',
        code: `from posit.workbench import Client\n\nclient = Client()\ntoken = client.oauth.get_credentials("${integration.uid}")["access_token"]`,
      },
      { language: 'Shell', code: `benchkey token ${integration.section} --header | curl -H @- https://api.example.com/me` },
      {
        language: 'TypeScript',
        code: `import { createClient } from '@benchkey/sdk'\n\nconst { accessToken } = await createClient().token('${integration.uid}')`,
      },
    ],
  }
}

/** A callback that the user ended at the service. */
export const PROBLEM: PageProblem = {
  page: 'callback-problem',
  title: 'You did not sign in to Box API Access',
  explanation: `account.box.com reports that access was not granted; nothing has changed since ${at}.`,
  providerText: 'access_denied: The user denied access to your application <b>',
  reference: 'k7f2-91qd',
  at: SAMPLE_AT.toISOString(),
  button: { label: 'Back to Managed Credentials', path: '/settings/managed-credentials' },
}
