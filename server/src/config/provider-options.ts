import { gitHosts } from './git-hosts.ts'
import { jsonPointer, shownPointer } from './json-pointers.ts'
import { keptCallbackFields, keptTokenFields } from './kept-fields.ts'
import { type OptionTable, type Parsed, row } from './option-table.ts'
import { tokenParameters } from './parameters.ts'
import { documentationUrl, endpointUrl, resourceIndicators } from './urls.ts'
import { choice, flag, path, plainText, wholeNumber } from './values.ts'

/** Commas separate, for a header may hold blanks. */
function previousNames(text: string): Parsed<readonly string[]> {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '' || /[\t\]]/.test(name)))
    return { problem: 'holds a name no section header can have; write old, older.' }
  return new Set(names).size < names.length ? { problem: 'names a section twice; keep one of the two.' } : { value: names }
}

/** A day, as for `min-ttl`. */
const MOST_REFRESH_BEFORE_SECONDS = 86_400

/** The options for services that keep to the standards in their own way (docs/configuration.md). */
export const PROVIDER_OPTIONS = {
  'previous-names': row({
    default: 'none',
    meaning:
      'Section headers this integration had before, the first one first; commas separate. Its Integration ID is derived from the first, so that the ID and people’s sign-ins stay.',
    example: 'box, box-files',
    parse: previousNames,
  }),
  enabled: row({
    default: '1',
    meaning:
      '0: switched off. It is listed nowhere, its service is asked for nothing, and stored sign-ins are kept until it is on again.',
    example: '0',
    parse: flag,
  }),
  'documentation-url': row({
    default: 'none',
    meaning: 'Where people read on about the integration: a link in *Info*, https only.',
    example: 'https://wiki.corp.example/box',
    parse: documentationUrl,
  }),
  icon: row({
    default: 'the initials of the name',
    meaning:
      'A picture for the tile: a PNG, WebP or SVG file of at most 64 KiB; a relative path starts at the configuration directory.',
    example: 'icons/box.svg',
    parse: path,
  }),
  'git-hosts': row({
    default: 'none',
    meaning:
      'Hosts for which `benchkey git-credential` gives Git this integration’s token, each `host` or `host:port` exactly as in the https URL of the repository. Commas and white space separate.',
    example: 'git.corp.example, git.corp.example:8443',
    parse: gitHosts,
  }),
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
  'validate-url': row({
    default: 'none',
    meaning:
      'An address that answers a GET with an access token that works by a status 2xx, and by 401 or 403 otherwise. Asked after a sign-in, and when a session reports a token.',
    example: 'https://api.example.com/me',
    parse: endpointUrl,
  }),
  'keep-token-fields': row({
    default: 'none',
    meaning:
      'Fields of token replies that sessions get under `extra`: names of members, or JSON pointers (`/team/id` becomes `team.id`). Commas and white space separate.',
    example: 'instance_url /team/id',
    parse: keptTokenFields,
  }),
  'keep-callback-fields': row({
    default: 'none',
    meaning:
      'Parameters of the callback that sessions get under `extra`. They pass through the user’s browser, so nothing may be decided by them. Commas and white space separate.',
    example: 'realmId',
    parse: keptCallbackFields,
  }),
  'access-token-path': row({
    default: '`/access_token`',
    meaning: 'Where a token reply holds the access token, as a JSON pointer (RFC 6901).',
    example: '/authed_user/access_token',
    parse: jsonPointer,
  }),
  'refresh-token-path': row({
    default: '`refresh_token` beside the access token',
    meaning: 'Where a token reply holds the refresh token, as a JSON pointer.',
    example: '/authed_user/refresh_token',
    parse: jsonPointer,
  }),
  'expires-in-path': row({
    default: '`expires_in` beside the access token',
    meaning: 'Where a token reply tells how long the access token lives, as a JSON pointer.',
    example: '/data/expires_in',
    parse: jsonPointer,
  }),
  'expires-at-path': row({
    default: 'none',
    meaning:
      'Where a token reply tells when the access token ends, as a JSON pointer: a date and time as in RFC 3339, or seconds or milliseconds since 1970.',
    example: '/expiresAt',
    parse: jsonPointer,
  }),
  'scope-path': row({
    default: '`scope` beside the access token',
    meaning: 'Where a token reply tells the scopes that were granted, as a JSON pointer: a text or a list.',
    example: '/authed_user/scope',
    parse: shownPointer,
  }),
  'expires-in-unit': row({
    default: 'seconds',
    meaning: 'What the lives in token replies are counted in: `seconds` (RFC 6749 §5.1) or `milliseconds`.',
    example: 'milliseconds',
    parse: choice('unit', { seconds: 'seconds', milliseconds: 'milliseconds' } as const),
  }),
  'refresh-before': row({
    default: 'as `min-ttl` says',
    meaning:
      'Seconds before its end from which on a token is refreshed, for services that refuse it earlier. No caller can ask for an earlier refresh.',
    example: '30',
    parse: wholeNumber('whole number of seconds', 1, MOST_REFRESH_BEFORE_SECONDS),
  }),
} as const satisfies OptionTable
