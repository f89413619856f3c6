import { type OptionTable, type Parsed, row } from './option-table.ts'
import { reservedParameter } from './urls.ts'
import { choice, plainText } from './values.ts'

/** The option that names a preset. Whether it is known is told with its variables (`preset-expansion.ts`). */
export const PRESET_OPTIONS = {
  preset: row({
    default: 'none',
    meaning:
      'A known provider, one that `benchkey preset list` names: it fills in what the section leaves out, and anything written in the section wins. Its variables are options of their own, `preset-<name>`, such as `preset-tenant=contoso.onmicrosoft.com`.',
    example: 'microsoft-entra',
    parse: plainText,
  }),
} as const satisfies OptionTable

/** Options that presets alone may bring: nothing else needs them, and a slip in them breaks every request. */
export const PRESETS_ONLY = {
  'client-id-param': row({
    default: '`client_id`',
    meaning: 'What the service calls `client_id`, in every request.',
    example: 'client_key',
    parse: parameterName,
  }),
  'code-param': row({
    default: '`code`',
    meaning: 'What the service calls `code` in a token request.',
    example: 'auth_code',
    parse: parameterName,
  }),
  'basic-user-name': row({
    default: 'client-id',
    meaning: 'Whether the user name of HTTP Basic is the `client-id` or, without a password, the `client-secret`.',
    example: 'client-secret',
    parse: choice('user name', { 'client-id': false, 'client-secret': true } as const),
  }),
} as const satisfies OptionTable

function parameterName(text: string): Parsed<string> {
  if (!/^[a-z_]{1,40}$/.test(text)) return { problem: 'is not the name of a parameter.' }
  return reservedParameter(text) === undefined ? { value: text } : { problem: 'is a name that has another meaning.' }
}
