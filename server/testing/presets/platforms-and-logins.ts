import { accessToken, INVALID_CLIENT, INVALID_GRANT, type PresetCase, refusal, tokens } from './preset-case.ts'

const DATABRICKS = {
  code: tokens(1, { expires_in: 3600, scope: 'all-apis offline_access' }),
  refresh: tokens(2, { expires_in: 3600, scope: 'all-apis offline_access' }),
  dead: refusal(400, 'invalid_grant'),
  wrongClient: refusal(401, 'invalid_client', 'Client authentication failed'),
  life: 3600,
  scopes: ['all-apis', 'offline_access'],
} as const satisfies Partial<PresetCase>

const OPENID = { scope: 'openid profile email' }
const OPENID_OFFLINE = { scope: 'openid profile email offline_access' }

/** What Okta, Auth0 and the like answer: RFC 6749's own words. */
const PLAIN = {
  anotherAccount: { prompt: 'login' },
  code: tokens(1, { expires_in: 3600, scope: 'openid profile email' }),
  refresh: tokens(2, { expires_in: 3600, scope: 'openid profile email' }),
  dead: INVALID_GRANT,
  wrongClient: INVALID_CLIENT,
  life: 3600,
  scopes: ['openid', 'profile', 'email'],
} as const satisfies Partial<PresetCase>

/** Presets of data platforms, and of services and servers that are there for logins. */
export const PLATFORMS_AND_LOGINS: readonly PresetCase[] = [
  {
    ...{ preset: 'databricks-workspace', ...DATABRICKS },
    variables: { host: 'dbc-a1b2345c-d6e7.cloud.databricks.com' },
    authorization: ['https://dbc-a1b2345c-d6e7.cloud.databricks.com/oidc/v1/authorize', { scope: 'all-apis offline_access' }],
    token: ['https://dbc-a1b2345c-d6e7.cloud.databricks.com/oidc/v1/token', 'post'],
    accountUrl: 'https://dbc-a1b2345c-d6e7.cloud.databricks.com/api/2.0/preview/scim/v2/Me',
  },
  {
    ...{ preset: 'databricks-account', ...DATABRICKS },
    variables: { account: '0d26daa6-5e44', console: 'accounts.azuredatabricks.net' },
    authorization: [
      'https://accounts.azuredatabricks.net/oidc/accounts/0d26daa6-5e44/v1/authorize',
      { scope: 'all-apis offline_access' },
    ],
    token: ['https://accounts.azuredatabricks.net/oidc/accounts/0d26daa6-5e44/v1/token', 'post'],
  },
  {
    preset: 'snowflake',
    variables: { account: 'myorg-myaccount.privatelink' },
    authorization: ['https://myorg-myaccount.privatelink.snowflakecomputing.com/oauth/authorize', { scope: 'refresh_token' }],
    token: ['https://myorg-myaccount.privatelink.snowflakecomputing.com/oauth/token-request', 'basic'],
    code: tokens(1, {
      ...{ expires_in: 600, refresh_token_expires_in: 86399, scope: 'refresh_token session:role:ANALYST', username: 'ADA' },
      idpInitiated: false,
    }),
    refresh: accessToken(2, { expires_in: 600 }),
    dead: { status: 400, body: { data: null, error: 'invalid_grant', code: null, message: 'The refresh token is invalid.' } },
    wrongClient: {
      status: 400,
      body: { data: null, error: 'invalid_client', code: null, message: 'This is an invalid client.' },
    },
    life: 600,
    scopes: ['refresh_token', 'session:role:ANALYST'],
  },
  {
    preset: 'looker',
    variables: { server: 'acme.cloud.looker.com' },
    authorization: ['https://acme.cloud.looker.com/auth', { scope: 'cors_api' }],
    token: ['https://acme.cloud.looker.com/api/token', 'public'],
    isJson: true,
    code: tokens(1, { expires_in: 3600 }),
    refresh: tokens(2, { expires_in: 3600 }),
    dead: INVALID_GRANT,
    wrongClient: refusal(400, 'invalid_client'),
    life: 3600,
    accountUrl: 'https://acme.cloud.looker.com/api/4.0/user',
  },
  {
    preset: 'salesforce',
    variables: { server: 'acme.my.salesforce.com' },
    anotherAccount: { prompt: 'login' },
    authorization: ['https://acme.my.salesforce.com/services/oauth2/authorize', { scope: 'api refresh_token openid' }],
    token: ['https://acme.my.salesforce.com/services/oauth2/token', 'post'],
    revocationUrl: 'https://acme.my.salesforce.com/services/oauth2/revoke',
    code: tokens(1, {
      ...{ signature: 's', scope: 'refresh_token api openid', instance_url: 'https://acme.my.salesforce.com' },
      ...{ id: 'https://login.salesforce.com/id/00D/005', issued_at: '1278448384422' },
    }),
    refresh: accessToken(2, {
      ...{ signature: 's', scope: 'refresh_token api openid', instance_url: 'https://acme.my.salesforce.com' },
      ...{ id: 'https://login.salesforce.com/id/00D/005', issued_at: '1278448384422' },
    }),
    dead: refusal(400, 'invalid_grant', 'expired access/refresh token'),
    wrongClient: refusal(400, 'invalid_client', 'invalid client credentials'),
    life: 7200,
    scopes: ['refresh_token', 'api', 'openid'],
    kept: { instance_url: 'https://acme.my.salesforce.com', id: 'https://login.salesforce.com/id/00D/005' },
    accountUrl: 'https://acme.my.salesforce.com/services/oauth2/userinfo',
  },
  {
    ...{ preset: 'tableau', ...PLAIN },
    anotherAccount: {},
    authorization: [
      'https://sso.online.tableau.com/oauth2/authorize',
      { scope: 'tableau:mcp:datasource:read tableau:mcp:workbook:read', resource: 'https://mcp.tableau.com' },
    ],
    token: ['https://sso.online.tableau.com/oauth2/token', 'public'],
    revocationUrl: 'https://sso.online.tableau.com/oauth2/revoke',
    codeParameters: { resource: 'https://mcp.tableau.com' },
    refreshParameters: { resource: 'https://mcp.tableau.com' },
    code: tokens(1, { expires_in: 3600 }),
    refresh: tokens(2, { expires_in: 3600 }),
    scopes: [],
  },
  {
    preset: 'servicenow',
    variables: { instance: 'acmedev' },
    authorization: ['https://acmedev.service-now.com/oauth_auth.do', { scope: 'useraccount' }],
    token: ['https://acmedev.service-now.com/oauth_token.do', 'post'],
    code: tokens(1, { expires_in: 1799, scope: 'useraccount' }),
    refresh: tokens(2, { expires_in: 1799, scope: 'useraccount' }),
    dead: refusal(401, 'invalid_grant', 'access_denied'),
    wrongClient: refusal(401, 'invalid_client', 'access_denied'),
    life: 1799,
    scopes: ['useraccount'],
  },
  {
    preset: 'hubspot',
    authorization: ['https://app.hubspot.com/oauth/authorize', { scope: 'oauth crm.objects.contacts.read' }],
    token: ['https://api.hubapi.com/oauth/v3/token', 'post'],
    code: tokens(1, { token_type: 'bearer', expires_in: 1800, hub_id: 1, scopes: ['oauth'] }),
    refresh: tokens(2, { token_type: 'bearer', refresh_token: 'rt-1', expires_in: 1800 }),
    dead: {
      status: 400,
      body: { status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant', message: 'missing or invalid refresh token' },
    },
    wrongClient: {
      status: 400,
      body: { status: 'BAD_CLIENT_SECRET', error: 'invalid_client', message: 'missing or invalid client secret' },
    },
    life: 1800,
  },
  {
    ...{ preset: 'okta', ...PLAIN, variables: { server: 'acme.okta.com' } },
    authorization: ['https://acme.okta.com/oauth2/v1/authorize', OPENID_OFFLINE],
    token: ['https://acme.okta.com/oauth2/v1/token', 'basic'],
    revocationUrl: 'https://acme.okta.com/oauth2/v1/revoke',
    dead: refusal(400, 'invalid_grant', 'The refresh token is invalid or expired.'),
    wrongClient: refusal(401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.'),
  },
  {
    ...{ preset: 'okta-server', ...PLAIN, variables: { server: 'acme.okta.com', name: 'aus1a2b3c4d5' } },
    authorization: ['https://acme.okta.com/oauth2/aus1a2b3c4d5/v1/authorize', OPENID_OFFLINE],
    token: ['https://acme.okta.com/oauth2/aus1a2b3c4d5/v1/token', 'basic'],
    revocationUrl: 'https://acme.okta.com/oauth2/aus1a2b3c4d5/v1/revoke',
  },
  {
    ...{ preset: 'auth0', ...PLAIN, variables: { server: 'acme.eu.auth0.com' } },
    authorization: ['https://acme.eu.auth0.com/authorize', OPENID_OFFLINE],
    token: ['https://acme.eu.auth0.com/oauth/token', 'post'],
    revocationUrl: 'https://acme.eu.auth0.com/oauth/revoke',
    dead: refusal(403, 'invalid_grant', 'Unknown or invalid refresh token.'),
    wrongClient: refusal(401, 'access_denied', 'Unauthorized'),
  },
  {
    ...{ preset: 'keycloak', ...PLAIN, variables: { server: 'id.corp.example/auth', realm: 'corp' } },
    authorization: ['https://id.corp.example/auth/realms/corp/protocol/openid-connect/auth', OPENID],
    token: ['https://id.corp.example/auth/realms/corp/protocol/openid-connect/token', 'post'],
    revocationUrl: 'https://id.corp.example/auth/realms/corp/protocol/openid-connect/revoke',
    code: tokens(1, { expires_in: 300, refresh_expires_in: 1800, 'not-before-policy': 0, scope: 'openid profile email' }),
    refresh: tokens(2, { expires_in: 300, refresh_expires_in: 1800, 'not-before-policy': 0, scope: 'openid profile email' }),
    dead: refusal(400, 'invalid_grant', 'Token is not active'),
    wrongClient: refusal(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
    life: 300,
  },
  {
    ...{ preset: 'pingone', ...PLAIN, variables: { environment: 'f2aba07d-270c', region: 'com.au' } },
    authorization: ['https://auth.pingone.com.au/f2aba07d-270c/as/authorize', OPENID],
    token: ['https://auth.pingone.com.au/f2aba07d-270c/as/token', 'basic'],
    revocationUrl: 'https://auth.pingone.com.au/f2aba07d-270c/as/revoke',
  },
  {
    ...{ preset: 'pingfederate', ...PLAIN, variables: { server: 'sso.corp.example:9031' } },
    authorization: ['https://sso.corp.example:9031/as/authorization.oauth2', OPENID],
    token: ['https://sso.corp.example:9031/as/token.oauth2', 'post'],
    revocationUrl: 'https://sso.corp.example:9031/as/revoke_token.oauth2',
  },
  {
    ...{ preset: 'cognito', ...PLAIN, variables: { domain: 'acme', region: 'eu-central-1' } },
    authorization: ['https://acme.auth.eu-central-1.amazoncognito.com/oauth2/authorize', OPENID],
    token: ['https://acme.auth.eu-central-1.amazoncognito.com/oauth2/token', 'basic'],
    revocationUrl: 'https://acme.auth.eu-central-1.amazoncognito.com/oauth2/revoke',
    refresh: accessToken(2, { expires_in: 3600 }),
    wrongClient: refusal(400, 'invalid_client'),
    // Cognito names no scopes in its replies.
    code: tokens(1, { expires_in: 3600, id_token: 'not.read.here' }),
    scopes: [],
  },
]
