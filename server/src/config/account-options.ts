import type { Parameters } from '../domain/integration.ts'
import { shownPointer } from './json-pointers.ts'
import { type OptionTable, type Parsed, row } from './option-table.ts'
import { authorizationParameters } from './parameters.ts'
import { endpointUrl } from './urls.ts'
import { path, plainText } from './values.ts'

/** The options about whose account a sign-in is, and about client secrets that end and change (docs/configuration.md). */
export const ACCOUNT_OPTIONS = {
  'account-url': row({
    default: 'none',
    meaning:
      'An address that answers a GET with an access token by who its account is, as JSON. Asked after a sign-in, which never waits for it; what it names is shown as “as name@example.com”.',
    example: 'https://api.github.com/user',
    parse: endpointUrl,
  }),
  'account-path': row({
    default:
      'with `account-url` the first of `/email`, `/preferred_username`, `/login` and `/name`; without it what the id token names',
    meaning:
      'Where the answer of `account-url`, or without one the token reply, names the account, as a JSON pointer: a text of at most 200 characters, or a number.',
    example: '/login',
    parse: shownPointer,
  }),
  'choose-account-params': row({
    default: '`prompt=login` where `openid` is among the scopes, else `none`',
    meaning:
      'What *Use another account* adds to the authorization request, so that the service asks which account is meant: a query string, or `none` for a service that knows nothing of the kind.',
    example: 'prompt=select_account',
    parse: chooseAccountParameters,
  }),
  'client-secret-next': row({
    default: 'none',
    meaning:
      'A second client secret, tried when the service refuses the first one: so a secret can be changed at any time without anybody noticing.',
    example: 'your-next-box-client-secret',
    parse: plainText,
  }),
  'client-secret-next-file': row({
    default: 'none',
    meaning: '`client-secret-next` in a file of its own, as with `client-secret-file`.',
    example: 'secrets/box-client-secret-next',
    parse: path,
  }),
  'client-secret-expires': row({
    default: 'none',
    meaning:
      'The day on which the client secret ends (00:00 UTC), as the service told it. From 30 days before, `config check`, `health` and the log say so, more urgently in the last 7 days and on the last one.',
    example: '2027-03-01',
    parse: day,
  }),
} as const satisfies OptionTable

function chooseAccountParameters(text: string): Parsed<Parameters> {
  return text === 'none' ? { value: [] } : authorizationParameters(text)
}

/** A day of the calendar, at its begin in UTC. */
function day(text: string): Parsed<Date> {
  const problem = 'is not a day of the calendar; write YYYY-MM-DD, such as 2027-03-01.'
  if (!/^2\d{3}-\d{2}-\d{2}$/.test(text)) return { problem }
  const value = new Date(`${text}T00:00:00Z`)
  // 30 February would become 2 March.
  return !Number.isNaN(value.getTime()) && value.toISOString().startsWith(text) ? { value } : { problem }
}
