import { type Behaviour, reply } from '../behaviours.ts'
import {
  clientRefused,
  lost,
  type NamedBehaviour,
  notAToken,
  refused,
  UNDERSTOOD,
  UNHEARD,
  uncertain,
  unspent,
} from './named-behaviour.ts'
import { handwritten, jsonOf, raw, under } from './shapes.ts'

const empty = (status: number, headers: Record<string, string> = {}): Behaviour => reply('', { status, headers })

const redirect = (status: number, location: string): NamedBehaviour['play'] => empty(status, { location })

function redirected(status: number): NamedBehaviour['expected'] {
  const words = `answered ${status}, a redirect, which is not followed`
  return uncertain(words, { kind: 'waiting', words: `answered ${status}` })
}

/** It names its own address, whatever that is. */
const toItself: Behaviour = ({ request, response }) => {
  response.writeHead(302, { location: `http://${request.headers.host}${request.path}` }).end()
}

const early: Behaviour = async (exchange) => {
  const { response } = exchange
  response.writeProcessing()
  await new Promise<void>((resolve) => response.writeEarlyHints({ link: '</style.css>; rel=preload' }, resolve))
  await under(200)(exchange)
}

/** Statuses with a body that says what they say, and statuses alone. */
export const STATUSES: readonly NamedBehaviour[] = [
  { name: '102 and 103 before the answer', play: early, expected: UNDERSTOOD },
  {
    // RFC 9110 §15.2 wants it skipped; undici ends the connection at one that was not asked for.
    name: '100 before the answer, though nobody asked',
    play: async (exchange) => {
      exchange.response.writeContinue()
      await under(200)(exchange)
    },
    expected: lost('closed the connection'),
  },
  {
    name: '101, another protocol',
    play: raw(() => handwritten(['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'], '')),
    expected: uncertain('closed the connection'),
  },
  {
    name: '199 and nothing more',
    play: raw(() => handwritten(['HTTP/1.1 199 Odd'], '')),
    expected: uncertain('closed the connection'),
  },
  { name: '201 with tokens', play: under(201), expected: UNDERSTOOD },
  { name: '206 with tokens', play: under(206), expected: UNDERSTOOD },
  { name: '299 with tokens', play: under(299), expected: UNDERSTOOD },
  { name: '202, later perhaps', play: empty(202), expected: notAToken('answered without a token') },
  { name: '204', play: empty(204), expected: notAToken('answered without a token') },
  { name: '301 to another host', play: redirect(301, 'https://elsewhere.example/token'), expected: redirected(301) },
  { name: '302 to itself', play: toItself, expected: redirected(302) },
  { name: '303 to plain http', play: redirect(303, 'http://elsewhere.example/token'), expected: redirected(303) },
  {
    name: '307 to the metadata address',
    play: redirect(307, 'http://169.254.169.254/latest/meta-data/'),
    expected: redirected(307),
  },
  { name: '308 to a file', play: redirect(308, 'file:///etc/passwd'), expected: redirected(308) },
  { name: '304, nothing new', play: empty(304), expected: redirected(304) },
  { name: 'an empty 400', play: empty(400), expected: refused('answered 400') },
  { name: 'an empty 401', play: empty(401), expected: clientRefused('answered 401') },
  { name: 'an empty 403', play: empty(403), expected: clientRefused('answered 403') },
  { name: '404', play: reply('<h1>Not Found</h1>', { status: 404 }), expected: refused('answered 404') },
  { name: '405', play: empty(405), expected: refused('answered 405') },
  { name: '407, a proxy in the way', play: empty(407), expected: refused('answered 407') },
  { name: '408', play: empty(408), expected: uncertain('answered 408') },
  { name: '418', play: empty(418), expected: refused('answered 418') },
  { name: '451', play: empty(451), expected: refused('answered 451') },
  { name: '429', play: empty(429), expected: unspent('answered 429') },
  { name: '503', play: empty(503), expected: unspent('answered 503') },
  { name: '500', play: empty(500), expected: uncertain('answered 500') },
  { name: '502 with a page', play: reply('<html>Bad Gateway', { status: 502 }), expected: uncertain('answered 502') },
  { name: '504', play: empty(504), expected: uncertain('answered 504') },
  { name: '520, of a content network', play: empty(520), expected: uncertain('answered 520') },
  { name: '599', play: empty(599), expected: uncertain('answered 599') },
  { name: '999, as LinkedIn says to robots', play: empty(999), expected: uncertain('answered 999') },
]

const busy = (retryAfter: string, status = 429): Behaviour => empty(status, { 'retry-after': retryAfter })

/** The instant after which a refresh is tried in the tests: 23 Nov 2026, 10:01. */
const IN_TWO_MINUTES = 'Mon, 23 Nov 2026 10:03:00 GMT'

/** Every form of Retry-After; what is none is the usual pause. */
export const PAUSES: readonly NamedBehaviour[] = [
  { name: 'Retry-After in seconds', play: busy('120'), expected: unspent('answered 429', 120) },
  { name: 'Retry-After as a date', play: busy(IN_TWO_MINUTES, 503), expected: unspent('answered 503', 120) },
  {
    name: 'Retry-After as a date of the past',
    play: busy('Sun, 06 Nov 1994 08:49:37 GMT', 503),
    expected: unspent('answered 503', 30),
  },
  {
    name: 'Retry-After as a date of RFC 850',
    play: busy('Monday, 23-Nov-26 10:03:00 GMT', 503),
    expected: unspent('answered 503', 120),
  },
  { name: 'Retry-After of a month', play: busy('2592000'), expected: unspent('answered 429', 3600) },
  { name: 'Retry-After of 0', play: busy('0'), expected: unspent('answered 429', 30) },
  { name: 'Retry-After below zero', play: busy('-5'), expected: unspent('answered 429') },
  { name: 'Retry-After that is none', play: busy('soon'), expected: unspent('answered 429') },
  { name: 'Retry-After too large for a number', play: busy('9'.repeat(400)), expected: unspent('answered 429', 3600) },
]

/** What stands before the service and answers for it. */
export const PAGES: readonly NamedBehaviour[] = [
  {
    name: 'a page under 200',
    play: reply('<!doctype html><title>Log in to the network</title>', { headers: { 'content-type': 'text/html' } }),
    expected: notAToken('answered with a page instead of a token'),
  },
  {
    name: 'a page under 200 as JSON',
    play: reply('<html><form action="https://portal.example/login"></form></html>'),
    expected: notAToken('answered with a page instead of a token'),
  },
  { name: 'an empty 200', play: empty(200), expected: notAToken('answered without a token') },
  { name: 'an empty array', play: reply('[]'), expected: notAToken('answered something that is not a token') },
  { name: 'an empty object', play: reply('{}'), expected: notAToken('answered without an access token') },
  { name: 'null', play: reply('null'), expected: notAToken('answered something that is not a token') },
  { name: 'a number', play: reply('42'), expected: notAToken('answered something that is not a token') },
  { name: 'the word OK', play: reply('OK'), expected: notAToken('answered something that is not a token') },
  {
    name: 'XML',
    play: reply('<?xml version="1.0"?><token>abc</token>', { headers: { 'content-type': 'application/xml' } }),
    expected: notAToken('answered with a page instead of a token'),
  },
  {
    name: 'noise',
    play: reply(Buffer.from('00ff80fe1f8b0001c3a9', 'hex')),
    expected: notAToken('answered something that is not a token'),
  },
  {
    name: 'brackets 100,000 deep',
    play: reply('['.repeat(100_000)),
    expected: notAToken('answered something that is not a token'),
  },
  {
    name: "another person's words: the request, echoed",
    play: ({ request, response }) => void response.writeHead(200).end(request.body),
    expected: { ...notAToken('answered something that is not a token'), revoke: UNHEARD },
  },
  {
    name: 'JSON that echoes the request',
    play: ({ request, response }) => {
      response.writeHead(200).end(JSON.stringify({ received: Object.fromEntries(request.parameters) }))
    },
    expected: notAToken('answered without an access token'),
  },
  {
    name: 'the service sees the request, a page hides its answer',
    play: (exchange) => {
      jsonOf(exchange)
      exchange.response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Bad luck</html>')
    },
    expected: {
      ...notAToken('answered with a page instead of a token'),
      refresh: { class: 'uncertain', words: 'answered with a page instead of a token', lost: true },
      revoke: { kind: 'done' },
    },
  },
]
