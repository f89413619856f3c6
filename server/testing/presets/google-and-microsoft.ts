import { accessToken, type PresetCase, refusal, tokens } from './preset-case.ts'

const GOOGLE = {
  anotherAccount: { prompt: 'select_account consent' },
  token: ['https://oauth2.googleapis.com/token', 'post'],
  revocationUrl: 'https://oauth2.googleapis.com/revoke',
  code: tokens(1, { expires_in: 3599, scope: 'openid https://www.googleapis.com/auth/userinfo.email' }),
  refresh: accessToken(2, { expires_in: 3599, scope: 'openid https://www.googleapis.com/auth/userinfo.email' }),
  dead: refusal(400, 'invalid_grant', 'Token has been expired or revoked.'),
  wrongClient: refusal(401, 'invalid_client', 'Unauthorized'),
  life: 3599,
  scopes: ['openid', 'https://www.googleapis.com/auth/userinfo.email'],
} as const satisfies Partial<PresetCase>

const GOOGLE_AUTHORIZATION = 'https://accounts.google.com/o/oauth2/v2/auth'
const OFFLINE = { access_type: 'offline', prompt: 'consent' }

const ENTRA = {
  anotherAccount: { prompt: 'select_account' },
  token: ['https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token', 'post'],
  code: tokens(1, { expires_in: 3736, ext_expires_in: 3736, scope: 'openid profile email' }),
  refresh: tokens(2, { expires_in: '3736', ext_expires_in: 3736, scope: 'openid profile email' }),
  dead: refusal(400, 'invalid_grant', 'AADSTS70008: The refresh token has expired due to inactivity.'),
  wrongClient: refusal(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.'),
  life: 3736,
  scopes: ['openid', 'profile', 'email'],
} as const satisfies Partial<PresetCase>

const TENANT = { tenant: 'contoso.onmicrosoft.com' }
const ENTRA_AUTHORIZATION = 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/authorize'

/** Presets of the two whose one authorization server stands before many APIs. */
export const GOOGLE_AND_MICROSOFT: readonly PresetCase[] = [
  { preset: 'google', ...GOOGLE, authorization: [GOOGLE_AUTHORIZATION, { ...OFFLINE, scope: 'openid email' }] },
  {
    ...{ preset: 'google-drive', ...GOOGLE },
    authorization: [GOOGLE_AUTHORIZATION, { ...OFFLINE, scope: 'openid email https://www.googleapis.com/auth/drive.readonly' }],
  },
  {
    ...{ preset: 'google-sheets', ...GOOGLE },
    authorization: [GOOGLE_AUTHORIZATION, { ...OFFLINE, scope: 'openid email https://www.googleapis.com/auth/spreadsheets' }],
  },
  {
    ...{ preset: 'google-bigquery', ...GOOGLE },
    authorization: [GOOGLE_AUTHORIZATION, { ...OFFLINE, scope: 'openid email https://www.googleapis.com/auth/bigquery' }],
  },
  {
    ...{ preset: 'google-vertex', ...GOOGLE },
    authorization: [GOOGLE_AUTHORIZATION, { ...OFFLINE, scope: 'openid email https://www.googleapis.com/auth/cloud-platform' }],
  },
  {
    ...{ preset: 'google-health', ...GOOGLE },
    authorization: [
      GOOGLE_AUTHORIZATION,
      {
        ...OFFLINE,
        scope:
          'openid email https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly https://www.googleapis.com/auth/googlehealth.sleep.readonly',
      },
    ],
  },
  {
    ...{ preset: 'microsoft-entra', ...ENTRA, variables: TENANT },
    authorization: [ENTRA_AUTHORIZATION, { scope: 'openid profile email offline_access' }],
  },
  {
    ...{ preset: 'microsoft-graph', ...ENTRA, variables: TENANT },
    authorization: [ENTRA_AUTHORIZATION, { scope: 'openid profile email offline_access User.Read Files.Read' }],
  },
  {
    ...{ preset: 'microsoft-sharepoint', ...ENTRA, variables: { ...TENANT, host: 'contoso' } },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access https://contoso.sharepoint.com/AllSites.Read' },
    ],
  },
  {
    ...{ preset: 'microsoft-azure-devops', ...ENTRA, variables: TENANT },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access 499b84ac-1321-427f-aa17-267ca6975798/user_impersonation' },
    ],
  },
  {
    ...{ preset: 'microsoft-power-bi', ...ENTRA, variables: TENANT },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access https://analysis.windows.net/powerbi/api/Dataset.Read.All' },
    ],
  },
  {
    ...{ preset: 'microsoft-azure-databricks', ...ENTRA, variables: TENANT },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/user_impersonation' },
    ],
  },
  {
    ...{ preset: 'microsoft-azure-storage', ...ENTRA, variables: TENANT },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access https://storage.azure.com/user_impersonation' },
    ],
  },
  {
    ...{ preset: 'microsoft-dynamics', ...ENTRA, variables: { ...TENANT, org: 'contoso.crm4' } },
    authorization: [
      ENTRA_AUTHORIZATION,
      { scope: 'openid profile email offline_access https://contoso.crm4.dynamics.com/user_impersonation' },
    ],
  },
]
