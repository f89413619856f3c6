import { answerOf, type Behaviour, endless, grant, hangUp, reset, truncated } from '../behaviours.ts'
import { lost, type NamedBehaviour, onlyRefreshToken, UNDERSTOOD, uncertain } from './named-behaviour.ts'
import { handwritten, jsonOf, type Members, raw, shaped } from './shapes.ts'

const OK = 'HTTP/1.1 200 OK'
const JSON_TYPE = 'content-type: application/json'
const NOT_HTTP = 'answered something that is not HTTP'
const TOO_LONG = 'answered with headers of more than 16 KiB'
const TIMED_OUT = 'timed out after 120 s'
const CLOSED = 'closed the connection'
const TOO_MUCH = 'answered more than 256 KiB'

const length = (text: string): string => `content-length: ${Buffer.byteLength(text)}`

/** The ledger's answer by hand: `lines` before the body, which `write` may spoil. */
function byHand(linesOf: (body: string) => readonly string[], write = (body: string): string => body): Behaviour {
  return raw((exchange) => {
    const body = jsonOf(exchange)
    return handwritten([OK, JSON_TYPE, ...linesOf(body)], write(body))
  })
}

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const chunked = (end: (body: string) => string): Behaviour => byHand(() => ['transfer-encoding: chunked'], end)

/** Answers after so long; the ledger has rotated at once. */
function after(ms: number): Behaviour {
  return async (exchange) => {
    const body = jsonOf(exchange)
    await exchange.sleep(ms)
    exchange.response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }
}

/** One byte a second, from the first of the body on, the members in this order. */
function dripping(write: (members: Members) => string): Behaviour {
  return async (exchange) => {
    const { response, sleep } = exchange
    const body = write(answerOf(exchange).body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    for (const letter of body) {
      if (response.destroyed) return
      response.write(letter)
      await sleep(1000)
    }
    response.end()
  }
}

/** Two answers to one request, the second of which nobody asked for. */
const twice = raw((exchange) => {
  const body = jsonOf(exchange)
  const good = handwritten([OK, JSON_TYPE, length(body)], body)
  const poison = '{"access_token":"poison","token_type":"Bearer"}'
  return good + handwritten([OK, JSON_TYPE, length(poison)], poison)
})

/** Headers that never end. */
const endlessHeaders: Behaviour = async ({ socket }) => {
  socket.write(`${OK}\r\n`)
  const line = `x-more: ${'a'.repeat(1000)}\r\n`
  while (!socket.destroyed) {
    if (!socket.write(line)) await new Promise((resolve) => void socket.once('drain', resolve).once('close', resolve))
  }
}

/** The connection and how HTTP is written on it. */
export const CONNECTIONS: readonly NamedBehaviour[] = [
  { name: 'the usual answer', play: grant(), expected: UNDERSTOOD },
  { name: 'a reset', play: reset(), expected: uncertain(CLOSED) },
  { name: 'a hang-up', play: hangUp(), expected: uncertain(CLOSED) },
  { name: 'HTTP/1.0', play: raw((e) => handwritten(['HTTP/1.0 200 OK', JSON_TYPE], jsonOf(e))), expected: UNDERSTOOD },
  { name: 'HTTP/0.9', play: raw((e) => jsonOf(e)), expected: lost(NOT_HTTP) },
  { name: 'the greeting of a mail server', play: raw(() => '220 mail.example ESMTP\r\n'), expected: uncertain(NOT_HTTP) },
  {
    name: 'HTTP/2 without having been asked',
    play: raw(() => Buffer.from('000012040000000000000300000064', 'hex')),
    expected: uncertain(NOT_HTTP),
  },
  { name: 'a status of two digits', play: raw(() => 'HTTP/1.1 20 OK\r\n\r\n'), expected: uncertain(NOT_HTTP) },
  { name: 'no reason phrase', play: raw((e) => handwritten(['HTTP/1.1 200', JSON_TYPE], jsonOf(e))), expected: UNDERSTOOD },
  {
    name: 'a reason phrase with escapes',
    play: raw((e) => handwritten(['HTTP/1.1 200 \u001b[31mOK', JSON_TYPE], jsonOf(e))),
    expected: UNDERSTOOD,
  },
  { name: 'a length that is too long', play: byHand((b) => [`content-length: ${b.length + 100}`]), expected: UNDERSTOOD },
  {
    name: 'a length that cuts the end off',
    play: byHand((b) => [`content-length: ${b.length - 1}`]),
    expected: onlyRefreshToken('answered something that is not a token'),
  },
  { name: 'two lengths', play: byHand((b) => [length(b), 'content-length: 3']), expected: lost(NOT_HTTP) },
  { name: 'a length below zero', play: byHand(() => ['content-length: -1']), expected: lost(NOT_HTTP) },
  {
    name: 'a length and chunks',
    play: byHand(
      (b) => [length(b), 'transfer-encoding: chunked'],
      (b) => `${chunk(b)}0\r\n\r\n`,
    ),
    expected: lost(NOT_HTTP),
  },
  { name: 'chunks', play: chunked((b) => `${chunk(b.slice(0, 9))}${chunk(b.slice(9))}0\r\n\r\n`), expected: UNDERSTOOD },
  { name: 'chunks of one byte', play: chunked((b) => `${[...b].map(chunk).join('')}0\r\n\r\n`), expected: UNDERSTOOD },
  {
    name: 'chunks and trailers',
    play: chunked((b) => `${chunk(b)}0\r\nx-sum: 1\r\nset-cookie: a=b\r\n\r\n`),
    expected: UNDERSTOOD,
  },
  { name: 'chunks without an end', play: chunked(chunk), expected: UNDERSTOOD },
  { name: 'chunks, then noise', play: chunked((b) => `${chunk(b)}zz\r\nnoise`), expected: UNDERSTOOD },
  { name: 'chunks of noise', play: chunked((b) => `zz\r\n${b}`), expected: lost(CLOSED, { kind: 'done' }) },
  {
    name: 'no length and no chunks',
    play: byHand(() => []),
    expected: UNDERSTOOD,
  },
  { name: 'a second answer behind the first', play: twice, expected: UNDERSTOOD },
  {
    name: 'the connection kept open after the answer',
    play: shaped((m) => JSON.stringify(m), { headers: { connection: 'keep-alive', 'keep-alive': 'timeout=0' } }),
    expected: UNDERSTOOD,
  },
  {
    name: 'a thousand headers',
    play: byHand((b) => [length(b), ...Array.from({ length: 1000 }, (_, n) => `x${n}: y`)]),
    expected: UNDERSTOOD,
  },
  {
    name: 'a header of 20,000 characters',
    play: byHand((b) => [length(b), `x: ${'y'.repeat(20_000)}`]),
    expected: lost(TOO_LONG),
  },
  { name: 'headers without end', play: endlessHeaders, expected: uncertain(TOO_LONG) },
  { name: 'a header with a NUL', play: byHand((b) => [length(b), 'x: \0']), expected: lost(NOT_HTTP) },
  {
    name: 'cookies and challenges',
    play: byHand((b) => [length(b), 'set-cookie: __Host-Http-benchkey=x', 'www-authenticate: Negotiate']),
    expected: UNDERSTOOD,
  },
  { name: 'an answer after 10 s', play: after(10_000), takesTime: true, expected: UNDERSTOOD },
  {
    name: 'an answer after 20 s',
    play: after(20_000),
    takesTime: true,
    expected: { ...UNDERSTOOD, refresh: { class: 'success', callersLeave: true } },
  },
  {
    name: 'an answer after 100 s',
    play: after(100_000),
    takesTime: true,
    expected: { ...UNDERSTOOD, refresh: { class: 'success', callersLeave: true } },
  },
  {
    name: 'no answer',
    play: () => undefined,
    takesTime: true,
    expected: {
      ...uncertain(TIMED_OUT),
      refresh: { class: 'uncertain', words: TIMED_OUT, callersLeave: true },
    },
  },
  {
    name: 'one byte a second',
    play: dripping((m) => JSON.stringify(m)),
    takesTime: true,
    expected: {
      ...lost(TIMED_OUT, { kind: 'done' }),
      refresh: { class: 'reauthentication_required', lost: true, requests: 2, callersLeave: true },
    },
  },
  {
    name: 'one byte a second, the refresh token first',
    play: dripping(({ refresh_token, ...m }) => JSON.stringify({ refresh_token, ...m })),
    takesTime: true,
    expected: {
      ...onlyRefreshToken(TIMED_OUT),
      refresh: { class: 'refresh token saved', words: TIMED_OUT, callersLeave: true },
    },
  },
]

/** The service has rotated, and then something happens to its answer. */
export const LOST_ANSWERS: readonly NamedBehaviour[] = [
  { name: 'a reset after it rotated', play: reset({ afterGrant: true }), expected: lost(CLOSED) },
  { name: 'a hang-up after it rotated', play: hangUp({ afterGrant: true }), expected: lost(CLOSED) },
  {
    name: 'no answer after it rotated',
    play: (exchange) => void answerOf(exchange),
    takesTime: true,
    expected: {
      ...lost(TIMED_OUT),
      refresh: { class: 'uncertain', words: TIMED_OUT, lost: true, callersLeave: true },
    },
  },
  {
    name: 'a 500 after it rotated',
    play: (exchange) => {
      answerOf(exchange)
      exchange.response.writeHead(500).end()
    },
    expected: lost('answered 500'),
  },
  {
    name: 'a 503 after it rotated',
    play: (exchange) => {
      answerOf(exchange)
      exchange.response.writeHead(503).end()
    },
    expected: {
      exchange: { kind: 'provider_failed', why: 'answered 503' },
      // It said that it had not used the token, and nothing tells that it lied.
      refresh: { class: 'unspent', words: 'answered 503', lost: true, reads: 'refused' },
      revoke: { kind: 'waiting', words: 'answered 503' },
    },
  },
  { name: 'an answer cut before the refresh token', play: truncated(30), expected: lost(CLOSED, { kind: 'done' }) },
  {
    name: 'an answer cut after the refresh token',
    play: byHand(
      (b) => [length(b)],
      (b) => b.slice(0, -1),
    ),
    expected: onlyRefreshToken(CLOSED),
  },
  {
    name: 'a form cut after the refresh token',
    play: raw((exchange) => {
      const { refresh_token: refreshToken = '' } = answerOf(exchange).body
      return handwritten([OK, 'content-length: 1000'], `refresh_token=${refreshToken}&token_type=bearer&access_tok`)
    }),
    expected: onlyRefreshToken(CLOSED),
  },
  {
    name: 'spaces without end before the answer',
    play: (exchange) => {
      answerOf(exchange)
      return endless(Buffer.alloc(16 * 1024, ' '))(exchange)
    },
    expected: lost(TOO_MUCH, { kind: 'done' }),
  },
]
