import type {
  PageConfiguration,
  PageConfiguredIntegration,
  PageOption,
  PagePreset,
  PageReview,
  PageSection,
  PageSectionCheck,
  PageVerification,
  PageVersion,
} from '@benchkey/sdk/configuration-pages'
import type { Script } from './fixture-server.ts'

const REDIRECT_URI = 'https://bench.example.com/oauth_redirect_callback'
const API = '/api/admin/configuration'

const box: PageConfiguredIntegration = {
  ...{ section: 'box-integration', uid: '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b', name: 'Box API Access', preset: 'box' },
  ...{ host: 'account.box.com', isDisabled: false, people: 118, mark: { tone: 'ok', label: 'Well' } },
}
const salesforce: PageConfiguredIntegration = {
  ...{ section: 'salesforce', uid: '0a1b2c3d-6c7d-4e8f-9a0b-1c2d3e4f5a6b', name: 'Salesforce', host: 'login.salesforce.com' },
  ...{ isDisabled: false, people: 34 },
  mark: {
    tone: 'danger',
    label: 'Configuration error',
    explanation:
      'Salesforce refuses the client secret since {time:2026-11-21T08:14:00.000Z}. 34 users affected; their sign-ins are kept.',
  },
}
const internal: PageConfiguredIntegration = {
  ...{ section: 'custom-api', name: 'Company Internal API', host: 'api.company.com', isDisabled: true, people: 1 },
  mark: { tone: 'neutral', label: 'Switched off' },
}

/** Nothing is changed, all nodes run the newest version. */
export const CONFIGURATION: PageConfiguration = {
  ...{ redirectUri: REDIRECT_URI, file: '/etc/benchkey/oauth-clients.conf', version: 42 },
  integrations: [box, salesforce, internal],
  changes: [],
  nodes: [
    { node: 'bk-1', text: 'runs 42', tone: 'ok', isPending: false },
    { node: 'bk-2', text: 'runs 42', tone: 'ok', isPending: false },
  ],
  findings: [],
}

/** A section of every change, a finding, and nodes that do not agree. */
export const CHANGED: PageConfiguration = {
  ...CONFIGURATION,
  integrations: [
    { ...box, change: 'changed' },
    { ...salesforce, change: 'removed' },
    internal,
    {
      ...{ section: 'github', name: 'GitHub', preset: 'github', host: 'github.com', isDisabled: false, people: 0 },
      ...{ mark: { tone: 'neutral', label: 'Not deployed' }, change: 'added' },
    },
  ],
  changes: ['box-integration', 'salesforce', 'github'],
  nodes: [
    { node: 'bk-1', text: 'runs 42', tone: 'ok', isPending: false },
    { node: 'bk-2', text: 'is taking 42', tone: 'neutral', isPending: true },
    {
      ...{ node: 'bk-3.a-long-name.research.corp.example', tone: 'warn', isPending: false },
      text: 'does not answer since {time:2026-11-21T08:14:00.000Z}',
    },
    { node: 'bk-4', text: 'refused 42: oauth-clients.conf:12: it has another file', tone: 'danger', isPending: false },
  ],
  findings: [
    {
      ...{ severity: 'warning', section: 'custom-api', line: 14 },
      message: 'Nothing tells this service apart from others; write issuer, or redirect-uri=per-integration.',
    },
    {
      ...{ severity: 'error', section: 'custom-api', option: 'token-url', line: 19 },
      message: 'is not a whole https URL, such as https://api.box.com/oauth2/token.',
    },
  ],
}

/** Why nothing can be changed on the pages. */
export const READ_ONLY =
  'oauth-clients.conf cannot be changed here: 3 nodes run and each has a copy of its own. Change the file on all of them, then run: benchkey reload.'

/** Forty sections of long names. */
export const FORTY_SECTIONS: PageConfiguration = {
  ...CONFIGURATION,
  integrations: Array.from({ length: 40 }, (_, index) => ({
    ...[box, salesforce, internal][index % 3],
    ...{ section: `a-section-with-a-rather-long-header-${index}`, isDisabled: false, people: index * 97 },
    name: `An integration with quite a long name for what it is, number ${index}`,
    mark: { tone: 'ok', label: 'Well' },
  })),
}

const option = (name: string, group: PageOption['group'], changes: Partial<PageOption> = {}): PageOption => ({
  ...{
    name,
    label: name,
    group,
    isUsual: false,
    isRequired: false,
    isSecret: false,
    meaning: `What ${name} does.`,
    example: 'x',
  },
  ...changes,
})

const usual = { isUsual: true }

const OPTIONS: readonly PageOption[] = [
  option('name', 'people', { ...usual, label: 'Name', meaning: 'The name people see.', default: 'the section header' }),
  option('preset', 'service', { label: 'Preset' }),
  option('client-id', 'client', {
    ...{ ...usual, label: 'Client ID', isRequired: true },
    meaning: 'The client identifier that the service gave to Benchkey.',
  }),
  option('client-secret', 'client', {
    ...{ ...usual, label: 'Client secret', isSecret: true },
    meaning: 'The client secret that the service gave to Benchkey. Exactly one of this and `client-secret-file` is written.',
  }),
  option('client-secret-file', 'client', { label: 'File of the client secret', onlyInFile: 'a page must not name files.' }),
  option('token-endpoint-auth-method', 'client', {
    ...{ label: 'Client authentication', default: 'client-secret-post' },
    choices: ['client-secret-post', 'client-secret-basic', 'none'],
  }),
  option('authorization-url', 'service', { ...usual, label: 'Authorization URL', isRequired: true }),
  option('token-url', 'service', { ...usual, label: 'Token URL', isRequired: true, meaning: 'The token endpoint.' }),
  option('scopes', 'access', { ...usual, label: 'Scopes', default: 'none are asked for' }),
  option('description', 'people', { label: 'Description', meaning: 'A line about the integration.' }),
  option('pkce', 'requests', { label: 'PKCE', default: 'S256', choices: ['S256', 'none'] }),
  option('access-token-path', 'replies', { label: 'Place of the access token', default: '`/access_token`' }),
  option('min-ttl', 'renewal', { label: 'Least remaining life' }),
  option('proxy', 'network', { label: 'Proxy', default: 'as `env-vars` says' }),
]

const BROUGHT = {
  'authorization-url': 'https://account.box.com/api/oauth2/authorize',
  'token-url': 'https://api.box.com/oauth2/token',
}

const PRESETS: readonly PagePreset[] = [
  {
    ...{ id: 'box', name: 'Box', source: 'https://developer.box.com/guides/authentication/oauth2/' },
    register: 'https://app.box.com/developers/console',
    steps: [
      'Create a **Custom App** of the kind **User Authentication (OAuth 2.0)**.',
      'Add `{redirect-uri}` as an **OAuth 2.0 Redirect URI**.',
      'Copy the client ID and the client secret.',
    ],
    variables: [],
    options: BROUGHT,
    refreshScopes: [],
    quirks: ['A refresh token works once, for 60 days.'],
  },
  {
    ...{ id: 'entra', name: 'Microsoft Entra', source: 'https://learn.microsoft.com/entra/identity-platform/' },
    register: 'https://entra.example.com/{tenant}/register',
    steps: ['Register an application in {tenant} with `{redirect-uri}`.'],
    variables: [
      {
        name: 'tenant',
        label: 'Tenant',
        meaning: 'The tenant’s ID or its domain.',
        example: 'corp.example',
        default: 'organizations',
      },
    ],
    options: {},
    refreshScopes: [],
    quirks: [],
  },
]

const BOX_SECTION: PageSection = {
  ...{ section: 'box-integration', isNew: false, redirectUri: REDIRECT_URI, fromPreset: BROUGHT, presetVariables: [] },
  basedOn: 'file-41',
  options: [
    { name: 'preset', value: 'box', isSecret: false },
    { name: 'name', value: 'Box API Access', isSecret: false },
    { name: 'client-id', value: 'your-box-client-id', isSecret: false },
    { name: 'client-secret', isSecret: true },
  ],
  findings: [],
}

/** Nothing is wrong. */
const CHECKED: PageSectionCheck = { findings: [], fromPreset: BROUGHT, redirectUri: REDIRECT_URI }

/** What can be wrong with the sample section, here and elsewhere. */
export const WRONG: PageSectionCheck = {
  ...CHECKED,
  findings: [
    {
      ...{ severity: 'error', section: 'box-integration', option: 'token-url', line: 6 },
      message: 'is not a whole https URL, such as https://api.box.com/oauth2/token.',
    },
    { severity: 'warning', section: 'box-integration', line: 1, message: 'Nothing tells this service apart from others.' },
    { severity: 'error', section: 'salesforce', option: 'client-id', line: 30, message: 'is missing.' },
  ],
  secretNeeded: 'Type the client secret again: another token URL would get it.',
}

/** What a deploy would do, with all that can stand in its way. */
export const REVIEW: PageReview = {
  token: 'review-token-1',
  diff: [
    { kind: 'same', text: '[box-integration]', oldLine: 1, newLine: 1 },
    { kind: 'same', text: '# Asked for by finance; mail ada before a change.', oldLine: 2, newLine: 2 },
    { kind: 'removed', text: 'token-url=https://account.box.com/api/oauth2/token', oldLine: 3 },
    { kind: 'added', text: 'token-url=https://api.box.com/oauth2/token', newLine: 3 },
    { kind: 'gap', text: '' },
    { kind: 'added', text: '[github]', newLine: 21 },
    { kind: 'added', text: 'client-secret=(set)', newLine: 22 },
  ],
  costs: ['34 people have to sign in again: the token URL of Box API Access changed.'],
  findings: [{ severity: 'warning', section: 'github', line: 22, message: 'No scope that brings a refresh token is asked for.' }],
  conflicts: [],
  alsoChanged: [],
}

/** The same with what another administrator did meanwhile. */
export const CONFLICTING: PageReview = {
  ...REVIEW,
  conflicts: [
    {
      ...{ section: 'box-integration', option: 'token-url', by: 'grace', at: '2026-11-21T09:02:00.000Z' },
      ...{ yours: 'https://api.box.com/oauth2/token', theirs: 'https://api.box.com/oauth2/v2/token' },
    },
    { section: 'salesforce', theirs: 'changed scopes', by: 'grace' },
  ],
  alsoChanged: ['grace changed the scopes of Zoom at {time:2026-11-21T09:02:00.000Z}; that stays.'],
}

const version = (number: number, changes: Partial<PageVersion> = {}): PageVersion => ({
  ...{ number, at: `2026-11-${String(number - 22).padStart(2, '0')}T08:14:00.000Z`, by: 'ada', isCurrent: false },
  ...{ summary: `changed Box API Access ${number}`, ...changes },
})

const VERSIONS: readonly PageVersion[] = [
  version(42, { isCurrent: true, summary: 'added GitHub; changed Box API Access' }),
  version(41, { by: 'the file', summary: 'changed Salesforce' }),
  version(40),
]

/** Many versions, each of which changed much. */
export const FORTY_VERSIONS = {
  versions: Array.from({ length: 40 }, (_, index) => ({
    ...version(40 - index, {
      at: '2026-11-01T08:14:00.000Z',
      isCurrent: index === 0,
      by: 'somebody.with.a.long.name@corp.example',
    }),
    summary: `added ${'a-section-with-a-rather-long-header, '.repeat(6)}and 12 more`,
  })),
}

const LONG_URL = `https://login.research.corp.example/${'a-long-path/'.repeat(12)}token`

/** A section whose values fit no field. */
export const LONG: PageSection = {
  ...BOX_SECTION,
  section: 'a-section-with-a-rather-long-header-0',
  options: [
    { name: 'name', value: FORTY_SECTIONS.integrations[0]?.name ?? '', isSecret: false },
    { name: 'authorization-url', value: LONG_URL, isSecret: false },
    { name: 'an-option-that-nobody-knows-and-that-has-a-rather-long-name', isSecret: true },
  ],
  redirectUri: `${REDIRECT_URI}/a-section-with-a-rather-long-header-0`,
}

/** A deploy of lines that fit no line. */
export const LONG_REVIEW: PageReview = {
  ...REVIEW,
  diff: Array.from({ length: 12 }, (_, index) => ({
    ...{ kind: index % 2 === 0 ? ('removed' as const) : ('added' as const), text: `token-url=${LONG_URL}` },
    ...(index % 2 === 0 ? { oldLine: 1000 + index } : { newLine: 1000 + index }),
  })),
  costs: Array.from(
    { length: 8 },
    (_, index) => `${index}34 people have to sign in again: the token URL of ${LONG_URL} changed.`,
  ),
}

/** A test with every outcome. */
export const VERIFICATION: PageVerification = {
  ...{ section: 'box-integration', name: 'Box API Access', isWell: false, at: '2026-11-21T14:29:50.000Z' },
  groups: [
    {
      title: 'You, here',
      checks: [
        {
          ...{ id: 'client', outcome: 'failed', fact: 'api.box.com refuses the client: invalid_client.' },
          action: 'Copy the client secret from Box again; it belongs to another client ID.',
          place: 'oauth-clients.conf:4',
        },
      ],
    },
    {
      title: 'At the service',
      checks: [
        {
          ...{ id: 'redirect', outcome: 'unknown', fact: 'Whether the redirect URI is registered cannot be seen from here.' },
          ...{ action: 'Compare it there, letter by letter.', copy: REDIRECT_URI },
        },
      ],
    },
    {
      title: 'Your network team',
      checks: [
        {
          ...{ id: 'clock', outcome: 'warning', fact: 'The clock of this server is 40 s ahead of api.box.com.' },
          action: 'Let chrony keep it.',
        },
      ],
    },
    {
      title: 'Fine',
      checks: [
        { id: 'dns', outcome: 'ok', fact: 'api.box.com has the address 74.112.186.157.' },
        { id: 'tls', outcome: 'ok', fact: 'The certificate of api.box.com is good until 14 Feb.' },
      ],
    },
  ],
}

interface SampleChanges {
  readonly configuration?: PageConfiguration
  readonly review?: PageReview
  readonly check?: PageSectionCheck
}

/** What the API of the Configuration Manager answers; `changes` makes it another one. */
export function managerScript(changes: SampleChanges = {}): Partial<Script> {
  const { configuration = CONFIGURATION, review = REVIEW, check = CHECKED } = changes
  return {
    isAdmin: true,
    gets: {
      [API]: configuration,
      [`${API}/options`]: { options: OPTIONS },
      '/api/admin/presets': { presets: PRESETS },
      [`${API}/sections/box-integration`]: BOX_SECTION,
      [`${API}/review`]: review,
      [`${API}/versions`]: { versions: VERSIONS },
      [`${API}/versions/41`]: { ...VERSIONS[1], diff: REVIEW.diff },
    },
    posts: {
      [`${API}/check`]: { status: 200, body: check },
      [`${API}/sections/box-integration`]: { status: 200, body: CHANGED },
      [`${API}/sections/box-integration/test`]: { status: 200, body: VERIFICATION },
      '/api/admin/verify-server': { status: 200, body: { ...VERIFICATION, section: undefined, name: 'This server' } },
    },
  }
}
