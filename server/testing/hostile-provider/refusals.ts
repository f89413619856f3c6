import { type Behaviour, oauthError, reply } from '../behaviours.ts'
import {
  clientRefused,
  grantRefused,
  type NamedBehaviour,
  onlyRefreshToken,
  refused,
  UNHEARD,
  uncertain,
  unspent,
} from './named-behaviour.ts'
import { shaped } from './shapes.ts'

const refusal = (members: object, status = 400): Behaviour => reply(members, { status })

/** The request comes back in the description, as some servers do "to help". */
const echoing: Behaviour = ({ request, response }) => {
  const description = `rejected: ${request.body} ${decodeURIComponent(request.body)} ${request.headers.authorization ?? ''}`
  response.writeHead(400).end(JSON.stringify({ error: 'invalid_request', error_description: description }))
}

/** The very values, one by one, in the error code itself. */
const echoingInCode: Behaviour = ({ request, response }) => {
  const { parameters } = request
  const value = parameters.get('refresh_token') ?? parameters.get('code') ?? parameters.get('token') ?? ''
  response.writeHead(400).end(JSON.stringify({ error: `bad ${value} of ${parameters.get('client_secret')}` }))
}

/** Words of a service that mean no. */
export const REFUSALS: readonly NamedBehaviour[] = [
  { name: 'invalid_grant', play: oauthError('invalid_grant'), expected: grantRefused('answered invalid_grant') },
  {
    name: 'invalid_grant under 401',
    play: oauthError('invalid_grant', { status: 401 }),
    expected: grantRefused('answered invalid_grant'),
  },
  {
    name: 'invalid_grant under 200',
    play: refusal({ error: 'invalid_grant' }, 200),
    expected: grantRefused('answered invalid_grant', { revoke: UNHEARD }),
  },
  {
    name: 'invalid_grant as a form',
    play: reply('error=invalid_grant&error_description=gone', { status: 400 }),
    expected: grantRefused('answered invalid_grant', { quoted: 'gone' }),
  },
  {
    name: 'bad_refresh_token under 200, as GitHub',
    play: refusal({ error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }, 200),
    expected: grantRefused('answered bad_refresh_token', {
      quoted: 'The refresh token passed is incorrect or expired.',
      revoke: UNHEARD,
    }),
  },
  {
    name: 'incorrect_client_credentials under 200, as GitHub',
    play: refusal({ error: 'incorrect_client_credentials' }, 200),
    expected: clientRefused('answered incorrect_client_credentials', { revoke: UNHEARD }),
  },
  {
    name: 'ok false, as Slack',
    play: refusal({ ok: false, error: 'token_expired' }, 200),
    expected: refused('answered token_expired', { revoke: UNHEARD }),
  },
  { name: 'ok false and no word', play: refusal({ ok: false }, 200), expected: refused('answered 200', { revoke: UNHEARD }) },
  { name: 'invalid_client', play: oauthError('invalid_client'), expected: clientRefused('answered invalid_client') },
  {
    name: 'invalid_client under 401',
    play: oauthError('invalid_client', { status: 401 }),
    expected: clientRefused('answered invalid_client'),
  },
  {
    name: 'unauthorized_client, which at Gitea is a dead token',
    play: oauthError('unauthorized_client'),
    expected: clientRefused('answered unauthorized_client'),
  },
  {
    name: 'access_denied under 403, a wrong client',
    play: oauthError('access_denied', { status: 403 }),
    expected: clientRefused('answered access_denied'),
  },
  { name: 'invalid_request', play: oauthError('invalid_request'), expected: refused('answered invalid_request') },
  {
    name: 'unsupported_grant_type',
    play: oauthError('unsupported_grant_type'),
    expected: refused('answered unsupported_grant_type'),
  },
  { name: 'a word nobody knows', play: oauthError('E-1234'), expected: refused('answered E-1234') },
  {
    name: 'invalid_scope',
    play: oauthError('invalid_scope'),
    expected: { ...refused('answered invalid_scope'), exchange: { kind: 'scope_refused', why: 'answered invalid_scope' } },
  },
  {
    name: 'temporarily_unavailable under 400',
    play: oauthError('temporarily_unavailable'),
    expected: { ...unspent('answered temporarily_unavailable') },
  },
  { name: 'slow_down', play: oauthError('slow_down'), expected: unspent('answered slow_down') },
  {
    name: 'server_error under 400',
    play: oauthError('server_error'),
    expected: uncertain('answered server_error'),
  },
  {
    name: 'an error that is an object, as Facebook',
    play: refusal({ error: { message: 'Error validating access token', type: 'OAuthException', code: 190 } }),
    expected: refused('answered OAuthException', { quoted: 'Error validating access token' }),
  },
  { name: 'an error that is a number', play: refusal({ error: 400 }), expected: refused('answered 400') },
  { name: 'an error that is a list', play: refusal({ error: ['invalid_grant'] }), expected: refused('answered 400') },
  {
    name: 'an error and a new refresh token',
    play: shaped(({ refresh_token }) => JSON.stringify({ error: 'temporarily_unavailable', refresh_token })),
    expected: onlyRefreshToken('answered temporarily_unavailable'),
  },
  {
    name: 'a refusal that repeats the refresh token it was sent',
    play: ({ request, response }) => {
      const token = request.parameters.get('refresh_token')
      response.writeHead(200).end(JSON.stringify({ error: 'invalid_grant', refresh_token: token }))
    },
    expected: grantRefused('answered invalid_grant', { revoke: UNHEARD }),
  },
  {
    name: 'a refusal in words about the refresh token, field by field',
    play: refusal({ error: 'validation_failed', fields: { refresh_token: 'is invalid' } }, 200),
    expected: refused('answered validation_failed', { revoke: UNHEARD }),
  },
]

/** Words that are meant for more than reading. */
export const HOSTILE_WORDS: readonly NamedBehaviour[] = [
  { name: 'a description that repeats all it was sent', play: echoing, expected: refused('answered invalid_request') },
  { name: 'a code that repeats all it was sent', play: echoingInCode, expected: refused('answered bad [removed] of [removed]') },
  described('a description in HTML', '<script>alert(1)</script>', '<script>alert(1)</script>'),
  described('a description with escapes of a terminal', '\u001b]0;owned\u0007\u001b[2Jhi', '?]0;owned??[2Jhi'),
  described('a description from right to left', 'سجل \u202edlrow', '??? ?dlrow'),
  described('a description with line ends', 'one\r\ntwo: three', 'one two: three'),
  described('a description of 20,000 characters', 'word '.repeat(4000), `${'word '.repeat(40).slice(0, 197)}...`),
  described('a description that holds a key', `see ${'A1b2'.repeat(12)} there`, 'see [removed] there'),
]

/** A refusal whose description is text of the service: `quoted` is what a page may show of it. */
function described(name: string, description: string, quoted: string): NamedBehaviour {
  return { name, play: oauthError('E-9', { description }), expected: refused('answered E-9', { quoted }) }
}
