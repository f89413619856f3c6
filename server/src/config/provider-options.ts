import { type OptionTable, row } from './option-table.ts'
import { tokenParameters } from './parameters.ts'
import { endpointUrl, resourceIndicators } from './urls.ts'
import { choice, plainText } from './values.ts'

/** The options for services that keep to the standards in their own way (docs/configuration.md). */
export const PROVIDER_OPTIONS = {
  'token-params': row({
    default: 'none',
    meaning: 'Extra parameters of the token request that exchanges a code, written as a query string.',
    example: 'expires_in=1800',
    parse: tokenParameters,
  }),
  'refresh-params': row({
    default: 'none',
    meaning: 'Extra parameters of the token request that refreshes, written as a query string.',
    example: 'scope=read+write',
    parse: tokenParameters,
  }),
  'token-body': row({
    default: 'form',
    meaning:
      'How token requests are written: as a `form` (RFC 6749) or as one `json` object. A revocation request is a form always.',
    example: 'json',
    parse: choice('body', { form: 'form', json: 'json' } as const),
  }),
  'refresh-url': row({
    default: '`token-url`',
    meaning: 'The endpoint that refreshes, where it is another one than the token endpoint.',
    example: 'https://api.figma.com/v1/oauth/refresh',
    parse: endpointUrl,
  }),
  resource: row({
    default: 'none',
    meaning:
      'What the token is for, as absolute URIs (RFC 8707): sent in the authorization request, in the code exchange and in every refresh. White space separates several.',
    example: 'https://api.example.com/',
    parse: resourceIndicators,
  }),
  audience: row({
    default: 'none',
    meaning: 'The older habit for `resource`: the parameter `audience`, sent in the same requests.',
    example: 'api.example.com',
    parse: plainText,
  }),
} as const satisfies OptionTable
