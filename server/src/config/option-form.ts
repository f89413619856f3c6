/** Where an option of `oauth-clients.conf` stands in the form of the Configuration Manager. */
export type OptionGroup = 'client' | 'service' | 'access' | 'people' | 'requests' | 'replies' | 'renewal' | 'network'

/** How the form shows one option; what it means stands in its row of the option table. */
export interface OptionForm {
  readonly label: string
  readonly group: OptionGroup
  /** Shown at once; the others under *More options*. */
  readonly isUsual: boolean
  /** Written, never read. */
  readonly isSecret?: true
  /** Why it can be changed in the file only. */
  readonly onlyInFile?: string
  /** All that can be written. */
  readonly choices?: readonly string[]
}

const FILE_OF_A_SECRET =
  'It names a file of the server, so it is written in the file only. A secret that is typed here takes its place.'

/** Every option of a section, in the order of the form. */
export const OPTION_FORM: Readonly<Record<string, OptionForm>> = {
  name: usual('Name', 'people'),
  preset: usual('Preset', 'service'),
  'client-id': usual('Client ID', 'client'),
  'client-secret': { ...usual('Client secret', 'client'), isSecret: true },
  'client-secret-file': { ...rare('File of the client secret', 'client'), onlyInFile: FILE_OF_A_SECRET },
  'client-secret-next': { ...rare('Next client secret', 'client'), isSecret: true },
  'client-secret-next-file': { ...rare('File of the next client secret', 'client'), onlyInFile: FILE_OF_A_SECRET },
  'client-secret-expires': rare('Client secret ends on', 'client'),
  'token-endpoint-auth-method': {
    ...rare('Client authentication', 'client'),
    choices: ['client-secret-post', 'client-secret-basic', 'client-secret-basic-raw', 'none'],
  },
  'authorization-url': usual('Authorization URL', 'service'),
  'token-url': usual('Token URL', 'service'),
  scopes: usual('Scopes', 'access'),
  description: usual('Description', 'people'),
  enabled: { ...usual('Enabled', 'people'), choices: ['1', '0'] },
  'documentation-url': rare('Documentation URL', 'people'),
  icon: {
    ...rare('Picture', 'people'),
    onlyInFile: 'It names a file of the server, so it is written in the file only.',
  },
  guid: rare('Integration ID', 'people'),
  'previous-names': rare('Headers it had before', 'people'),
  'git-hosts': rare('Hosts for Git', 'people'),
  'account-url': rare('Account URL', 'people'),
  'account-path': rare('Place of the account', 'people'),
  'choose-account-params': rare('Parameters for another account', 'people'),
  issuer: rare('Issuer', 'service'),
  'refresh-url': rare('Refresh URL', 'service'),
  'revocation-url': rare('Revocation URL', 'service'),
  'validate-url': rare('Validation URL', 'service'),
  'redirect-uri': { ...rare('Redirect URI', 'service'), choices: ['fixed', 'per-integration'] },
  'scope-separator': { ...rare('Between scopes', 'access'), choices: ['space', 'comma', 'plus'] },
  resource: rare('Resource', 'access'),
  audience: rare('Audience', 'access'),
  pkce: { ...rare('PKCE', 'requests'), choices: ['S256', 'none'] },
  'authorization-params': rare('Authorization parameters', 'requests'),
  'token-params': rare('Token parameters', 'requests'),
  'refresh-params': rare('Refresh parameters', 'requests'),
  'token-body': { ...rare('Token request as', 'requests'), choices: ['form', 'json'] },
  'access-token-path': rare('Place of the access token', 'replies'),
  'refresh-token-path': rare('Place of the refresh token', 'replies'),
  'expires-in-path': rare('Place of the life', 'replies'),
  'expires-at-path': rare('Place of the end', 'replies'),
  'scope-path': rare('Place of the scopes', 'replies'),
  'expires-in-unit': { ...rare('Unit of the life', 'replies'), choices: ['seconds', 'milliseconds'] },
  'expires-in-default': rare('Life where none is told', 'replies'),
  'keep-token-fields': rare('Kept from token replies', 'replies'),
  'keep-callback-fields': rare('Kept from the callback', 'replies'),
  'refresh-reuse': rare('Second use of a refresh token', 'renewal'),
  'dead-refresh-errors': rare('Errors of dead refresh tokens', 'renewal'),
  'revocation-scope': { ...rare('A revocation ends', 'renewal'), choices: ['grant', 'token'] },
  'min-ttl': rare('Least life handed out', 'renewal'),
  'refresh-before': rare('Refresh at most so early', 'renewal'),
  proxy: rare('Proxy', 'network'),
  'ca-file': rare('File of more authorities', 'network'),
}

/** Whether the value of an option is never shown: secrets, and what no table knows, for it may be a mistyped secret. */
export function isHidden(option: string): boolean {
  const form = Object.hasOwn(OPTION_FORM, option) ? OPTION_FORM[option] : undefined
  if (form) return form.isSecret === true
  return !/^preset-[a-z0-9-]+$/.test(option)
}

function usual(label: string, group: OptionGroup): OptionForm {
  return { label, group, isUsual: true }
}

function rare(label: string, group: OptionGroup): OptionForm {
  return { label, group, isUsual: false }
}
