import { lost, type NamedBehaviour, notAToken, onlyRefreshToken, UNDERSTOOD } from './named-behaviour.ts'
import { type Members, shaped, withMembers, withText } from './shapes.ts'

const json = (members: Members): string => JSON.stringify(members)
const form = (members: Members): string => new URLSearchParams(members as Record<string, string>).toString()
const utf16 = (text: string): Uint8Array => Buffer.from(`\uFEFF${text}`, 'utf16le')

/** Where an answer cannot be read, a refusal after it still can: sign in again, and why. */
function unreadable(words: string): NamedBehaviour['expected'] {
  const { exchange } = lost(words)
  return { exchange, refresh: { class: 'reauthentication_required', lost: true, requests: 2 }, revoke: { kind: 'done' } }
}

const AN_ARRAY = 'answered something that is not a token'
const NESTED = 'answered without an access token'

/** Good tokens, written in other ways. */
export const BODIES: readonly NamedBehaviour[] = [
  { name: 'a byte order mark', play: shaped((m) => `\uFEFF${json(m)}`), expected: UNDERSTOOD },
  { name: 'UTF-16', play: shaped((m) => utf16(json(m))), expected: UNDERSTOOD },
  { name: 'NULs at the end', play: shaped((m) => `${json(m)}\0\0`), expected: UNDERSTOOD },
  { name: 'NULs before it', play: shaped((m) => `\0${json(m)}`), expected: UNDERSTOOD },
  { name: '200 KiB of white space', play: shaped((m) => ' \r\n'.repeat(68_000) + json(m)), expected: UNDERSTOOD },
  { name: 'JSON as text/plain', play: shaped(json, { headers: { 'content-type': 'text/plain' } }), expected: UNDERSTOOD },
  { name: 'JSON as text/html', play: shaped(json, { headers: { 'content-type': 'text/html' } }), expected: UNDERSTOOD },
  {
    name: 'JSON of a type of its own',
    play: shaped(json, { headers: { 'content-type': 'application/vnd.acme.token+json; v=2' } }),
    expected: UNDERSTOOD,
  },
  { name: 'JSON of no type', play: shaped(json, { headers: { 'content-type': '' } }), expected: UNDERSTOOD },
  {
    name: 'a form',
    play: shaped(form, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    expected: UNDERSTOOD,
  },
  { name: 'a form as JSON', play: shaped(form), expected: UNDERSTOOD },
  {
    name: 'a form without an access token',
    play: shaped(({ access_token: _, ...m }) => form(m)),
    expected: onlyRefreshToken(AN_ARRAY),
  },
  { name: 'a key twice', play: withText('"token_type":"first","token_type":"bearer"'), expected: UNDERSTOOD },
  { name: '__proto__', play: withText('"__proto__":{"error":"invalid_grant","expires_in":1}'), expected: UNDERSTOOD },
  { name: 'constructor and hasOwnProperty', play: withText('"constructor":null,"hasOwnProperty":1'), expected: UNDERSTOOD },
  { name: 'a thousand more members', play: withMembers(manyMembers()), expected: UNDERSTOOD },
  { name: 'tokens within an array', play: shaped((m) => `[${json(m)}]`), expected: onlyRefreshToken(AN_ARRAY) },
  { name: 'tokens within data', play: shaped((m) => json({ data: m })), expected: onlyRefreshToken(NESTED) },
  {
    name: 'tokens within data, two of each',
    play: shaped((m) => json({ user: m, bot: { ...m, refresh_token: 'of-a-bot' } })),
    expected: unreadable(NESTED),
  },
  { name: 'a note after the JSON', play: shaped((m) => `${json(m)}<!-- 12 ms -->`), expected: onlyRefreshToken(AN_ARRAY) },
  { name: 'JSON within a string', play: shaped((m) => JSON.stringify(json(m))), expected: unreadable(AN_ARRAY) },
  {
    name: 'members in camel case',
    play: shaped(({ access_token: a }) => json({ accessToken: a })),
    expected: unreadable(NESTED),
  },
  {
    name: 'a warning before the JSON',
    play: shaped((m) => `<br />\n<b>Warning</b>: mktime()\n${json(m)}`),
    expected: unreadable('answered with a page instead of a token'),
  },
]

function manyMembers(): Members {
  return Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x_${n}`, { n, more: ['x'.repeat(40)] }]))
}

const withAccessToken = (value: unknown): NamedBehaviour['play'] => withMembers({ access_token: value })
const NOT_FOR_A_HEADER = 'answered with an access token that no header can carry'

/** Members of other types and odd contents. */
export const MEMBERS: readonly NamedBehaviour[] = [
  { name: 'expires_in as text', play: withMembers({ expires_in: '3600' }), expected: UNDERSTOOD },
  { name: 'expires_in with a fraction', play: withMembers({ expires_in: 3599.97 }), expected: UNDERSTOOD },
  { name: 'expires_in of 0', play: withMembers({ expires_in: 0 }), expected: UNDERSTOOD },
  { name: 'expires_in below zero', play: withMembers({ expires_in: -3600 }), expected: UNDERSTOOD },
  { name: 'expires_in of 300,000 years', play: withMembers({ expires_in: 9_999_999_999_999 }), expected: UNDERSTOOD },
  { name: 'expires_in beyond all numbers', play: withText('"expires_in":1e400'), expected: UNDERSTOOD },
  { name: 'expires_in in milliseconds', play: withMembers({ expires_in: 3_600_000 }), expected: UNDERSTOOD },
  { name: 'expires_in as an instant', play: withMembers({ expires_in: '2026-11-23T12:00:00Z' }), expected: UNDERSTOOD },
  { name: 'expires_in of one second', play: withMembers({ expires_in: 1 }), expected: UNDERSTOOD },
  { name: 'expires_in as an object', play: withMembers({ expires_in: { seconds: 3600 } }), expected: UNDERSTOOD },
  { name: 'no expires_in', play: withMembers({ expires_in: undefined }), expected: UNDERSTOOD },
  { name: 'scope as a list', play: withMembers({ scope: ['read', 'write'] }), expected: UNDERSTOOD },
  { name: 'scope with commas', play: withMembers({ scope: 'read,write' }), expected: UNDERSTOOD },
  { name: 'scope as a number', play: withMembers({ scope: 7 }), expected: UNDERSTOOD },
  { name: 'scope with escapes', play: withMembers({ scope: '\u001b[31mread\u001b[0m' }), expected: UNDERSTOOD },
  { name: 'no token_type', play: withMembers({ token_type: undefined }), expected: UNDERSTOOD },
  { name: 'a token_type of its own', play: withMembers({ token_type: 'user' }), expected: UNDERSTOOD },
  { name: 'a token_type that is a page', play: withMembers({ token_type: '<b>Bearer</b>\r\nX: y' }), expected: UNDERSTOOD },
  {
    name: 'null where nothing is',
    play: withMembers({ scope: null, id_token: null, expires_in: null, error: null }),
    expected: UNDERSTOOD,
  },
  { name: 'an error that is empty', play: withMembers({ error: '', error_description: '' }), expected: UNDERSTOOD },
  { name: 'an id token that is none', play: withMembers({ id_token: 'a.b' }), expected: UNDERSTOOD },
  { name: 'an id token without sense', play: withMembers({ id_token: 'e30.eyJlbWFpbCI6e319.' }), expected: UNDERSTOOD },
  { name: 'a refresh token of one hour', play: withMembers({ refresh_token_expires_in: '3600' }), expected: UNDERSTOOD },
  { name: 'a token of 2,500 characters', play: withAccessToken(`at-${'B'.repeat(2500)}`), expected: UNDERSTOOD },
  { name: 'a token of 100 KiB', play: withAccessToken(`at-${'B'.repeat(100 * 1024)}`), expected: UNDERSTOOD },
  {
    name: 'a token of 300 KiB after the refresh token',
    play: shaped(({ access_token: _, ...m }) => json('refresh_token' in m ? { ...m, access_token: 'B'.repeat(300 * 1024) } : m)),
    expected: onlyRefreshToken('answered more than 256 KiB'),
  },
  {
    name: 'a token of 300 KiB before the refresh token',
    play: withAccessToken('B'.repeat(300 * 1024)),
    expected: unreadable('answered more than 256 KiB'),
  },
  {
    name: 'a token that ends the header',
    play: withAccessToken('at\r\nSet-Cookie: a=b'),
    expected: onlyRefreshToken(NOT_FOR_A_HEADER),
  },
  { name: 'a token with spaces', play: withAccessToken('two words'), expected: onlyRefreshToken(NOT_FOR_A_HEADER) },
  { name: 'a token in Greek', play: withAccessToken('διαπιστευτήριο'), expected: onlyRefreshToken(NOT_FOR_A_HEADER) },
  { name: 'a token that is a number', play: withAccessToken(12345), expected: onlyRefreshToken(NESTED) },
  { name: 'a token that is empty', play: withAccessToken(''), expected: onlyRefreshToken(NESTED) },
  { name: 'a token that is a list', play: withAccessToken(['at']), expected: onlyRefreshToken(NESTED) },
  { name: 'no access token', play: withAccessToken(undefined), expected: onlyRefreshToken(NESTED) },
  { name: 'tokens under 202', play: shaped(json, { status: 202 }), expected: UNDERSTOOD },
  {
    name: 'neither token, and an expiry',
    play: ({ response }) => void response.writeHead(200).end('{"expires_in":3600}'),
    expected: notAToken(NESTED),
  },
]
