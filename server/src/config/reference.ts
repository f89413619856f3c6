import { DATABASE_OPTIONS } from './database-options.ts'
import { ENV_VARS_OPTIONS } from './env-vars-options.ts'
import { OAUTH_CLIENT_OPTIONS } from './oauth-clients-options.ts'
import type { OptionTable } from './option-table.ts'
import { SERVER_OPTIONS } from './server-options.ts'
import { SESSION_OPTIONS } from './session-options.ts'

type ConfigurationFile = 'oauth-clients.conf' | 'benchkey.conf' | 'database.conf' | 'sessions.conf' | 'env-vars'

/** The option tables of all configuration files, as the reference documentation lists them. */
export const CONFIGURATION_REFERENCE: Readonly<Record<ConfigurationFile, OptionTable>> = {
  'oauth-clients.conf': OAUTH_CLIENT_OPTIONS,
  'benchkey.conf': SERVER_OPTIONS,
  'database.conf': DATABASE_OPTIONS,
  'sessions.conf': SESSION_OPTIONS,
  'env-vars': ENV_VARS_OPTIONS,
}
