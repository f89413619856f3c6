import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Leniency } from './leniency.ts'
import { type NormalisedReply, normalise } from './normalise.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

function read(
  body: string | Uint8Array | object,
  facts: { status?: number; type?: string; brokenOff?: string } = {},
): NormalisedReply {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return normalise({
    status: facts.status ?? 200,
    headers: { 'content-type': facts.type ?? JSON_TYPE },
    body: text,
    ...(facts.brokenOff === undefined ? {} : { brokenOff: facts.brokenOff }),
  })
}

const FULL = { access_token: 'at', token_type: 'Bearer', expires_in: 3600, refresh_token: 'rt', scope: 'a b' }
const FULL_MEMBERS = { access_token: 'at', token_type: 'Bearer', expires_in: 3600, refresh_token: 'rt', scopes: ['a', 'b'] }

describe('the normaliser', () => {
  test('reads a reply by the book without a mend', () => {
    expect(read(FULL)).toEqual({ kind: 'tokens', members: FULL_MEMBERS, leniencies: [] })
  })

  test('takes no token for a scope, wherever the configuration looks for scopes', () => {
    const paths = { scope: ['refresh_token'] }
    const body = JSON.stringify({ ...FULL, refresh_token: 'a-refresh-token' })
    const shape = { paths, perSecond: 1, mayBeFlat: false, keep: [] }
    const reply = normalise({ status: 200, headers: { 'content-type': JSON_TYPE }, body }, shape)
    expect(reply).toMatchObject({ kind: 'tokens', members: { refresh_token: 'a-refresh-token' } })
    expect(reply).not.toHaveProperty('members.scopes')
  })

  const mends: [Leniency, NormalisedReply, object][] = [
    ['status 2xx other than 200', read(FULL, { status: 201 }), FULL_MEMBERS],
    ['byte order mark', read(`\uFEFF${JSON.stringify(FULL)}`), FULL_MEMBERS],
    ['byte order mark', read(Buffer.from(`\uFEFF${JSON.stringify(FULL)}`)), FULL_MEMBERS],
    ['NUL padding', read(`\0${JSON.stringify(FULL)}\0\0`), FULL_MEMBERS],
    [
      'form-encoded reply',
      read('access_token=at&token_type=Bearer&expires_in=3600&refresh_token=rt&scope=a+b', { type: 'text/plain' }),
      FULL_MEMBERS,
    ],
    ['JSON under another media type', read(FULL, { type: 'text/plain' }), FULL_MEMBERS],
    ['JSON under another media type', read(FULL, { type: 'text/html' }), FULL_MEMBERS],
    ['token_type missing', read({ access_token: 'at' }), { access_token: 'at', token_type: 'Bearer' }],
    ['token_type missing', read({ access_token: 'at', token_type: 7 }), { access_token: 'at', token_type: 'Bearer' }],
    [
      'null member',
      read({ ...FULL, refresh_token: null, scope: null }),
      { ...FULL_MEMBERS, refresh_token: undefined, scopes: undefined },
    ],
    ['expires_in as text', read({ ...FULL, expires_in: '3600' }), FULL_MEMBERS],
    ['expires_in as text', read({ ...FULL, expires_in: ' 3600.0 ' }), FULL_MEMBERS],
    ['expires_in not whole', read({ ...FULL, expires_in: 3600.9 }), FULL_MEMBERS],
    ['expires_in not whole', read({ ...FULL, expires_in: 0.5 }), { ...FULL_MEMBERS, expires_in: 1 }],
    ['expires_in without sense', read({ ...FULL, expires_in: 0 }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['expires_in without sense', read({ ...FULL, expires_in: -5 }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['expires_in without sense', read({ ...FULL, expires_in: 1e300 }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['expires_in without sense', read({ ...FULL, expires_in: 1_763_733_720 }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['expires_in without sense', read({ ...FULL, expires_in: 'soon' }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['expires_in without sense', read({ ...FULL, expires_in: { s: 1 } }), { ...FULL_MEMBERS, expires_in: undefined }],
    ['scope as list', read({ ...FULL, scope: ['a', 'b', 7] }), FULL_MEMBERS],
    ['scope with commas', read({ ...FULL, scope: 'a,b' }), FULL_MEMBERS],
    ['scope with commas', read({ ...FULL, scope: 'a, b,a' }), FULL_MEMBERS],
    ['renamed refresh token life', read({ ...FULL, refresh_expires_in: 60 }), { ...FULL_MEMBERS, refresh_token_expires_in: 60 }],
    [
      'renamed refresh token life',
      read({ ...FULL, x_refresh_token_expires_in: 8_726_400 }),
      { ...FULL_MEMBERS, refresh_token_expires_in: 8_726_400 },
    ],
    ['empty refresh_token', read({ ...FULL, refresh_token: '' }), { ...FULL_MEMBERS, refresh_token: undefined }],
    ['broken off after whole JSON', read(FULL, { brokenOff: 'closed the connection' }), FULL_MEMBERS],
  ]
  test.each(mends)('mends "%s"', (leniency, reply, members) => {
    expect(reply).toMatchObject({ kind: 'tokens', leniencies: expect.arrayContaining([leniency]) })
    if (reply.kind === 'tokens') expect({ ...members, ...reply.members }).toEqual(members)
  })

  const errors: [Leniency, NormalisedReply, { error: string; description: string }][] = [
    [
      'error under status 2xx',
      read({ error: 'bad_refresh_token', error_description: 'It is spent.', error_uri: 'https://x.example' }),
      { error: 'bad_refresh_token', description: 'It is spent.' },
    ],
    [
      'form-encoded reply',
      read('error=bad_verification_code&error_description=No+such+code'),
      { error: 'bad_verification_code', description: 'No such code' },
    ],
    ['ok false', read({ ok: false, error: 'invalid_refresh_token' }), { error: 'invalid_refresh_token', description: '' }],
    ['ok false', read({ ok: false, access_token: 'at' }), { error: '', description: '' }],
    [
      'error as object',
      read({ error: { type: 'OAuthException', code: 190, message: 'Expired' } }, { status: 400 }),
      { error: 'OAuthException', description: 'Expired' },
    ],
  ]
  test.each(errors)('reads an error with "%s"', (leniency, reply, facts) => {
    expect(reply).toMatchObject({ kind: 'error', status: 400, ...facts, leniencies: expect.arrayContaining([leniency]) })
  })

  test('reads tokens beside an empty or null error as tokens', () => {
    expect(read({ ...FULL, error: null }).kind).toBe('tokens')
    expect(read({ ...FULL, error: '', ok: true }).kind).toBe('tokens')
  })

  test.each([
    ['a page', '<!doctype html><p>Log in</p>', 'answered with a page instead of a token'],
    ['an empty body', '', 'answered without a token'],
    ['a list', '[{"access_token":"at"}]', 'answered something that is not a token'],
    ['a word', '"at"', 'answered something that is not a token'],
    ['null', 'null', 'answered something that is not a token'],
    ['a form of something else', 'a=b', 'answered something that is not a token'],
    ['deep brackets', '['.repeat(200_000), 'answered something that is not a token'],
  ])('understands no token in %s', (_what, body, words) => {
    expect(read(body)).toEqual({ kind: 'unreadable', words })
  })

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['a number', 5],
    ['with a line break', 'a\r\nX-Evil: 1'],
    ['with a space', 'a b'],
    ['with NUL', 'a\0b'],
    ['beyond ASCII', 'é'],
  ])('refuses an access token that is %s, and keeps the refresh token', (_what, access_token) => {
    expect(read({ ...FULL, access_token })).toMatchObject({ kind: 'unreadable', refreshToken: 'rt' })
  })

  test('drops a refresh token with control characters', () => {
    const reply = read({ ...FULL, refresh_token: 'a\nb' })
    expect(reply.kind === 'tokens' && reply.members).not.toHaveProperty('refresh_token')
  })

  test('finds the refresh token in a truncated reply, if it is there whole', () => {
    const text = JSON.stringify({ access_token: 'at', refresh_token: 'r"t\\', expires_in: 3600 })
    const facts = { brokenOff: 'closed the connection' }
    expect(read(text.slice(0, -5), facts)).toEqual({ kind: 'unreadable', words: 'closed the connection', refreshToken: 'r"t\\' })
    expect(read(text.slice(0, text.indexOf('expires_in') - 4), facts)).toEqual({
      kind: 'unreadable',
      words: 'closed the connection',
    })
  })

  test('reads no form that broke off: it may end within a token', () => {
    expect(read('access_token=at&refresh_token=rt', { brokenOff: 'closed the connection' }).kind).toBe('unreadable')
  })

  test('lets the last of two equal keys count', () => {
    expect(read('{"access_token":"first","access_token":"last"}')).toMatchObject({ members: { access_token: 'last' } })
  })

  test('__proto__ is harmless and unknown members are dropped', () => {
    const reply = read(
      '{"__proto__":{"refresh_token":"evil","polluted":1},"access_token":"at","instance_url":"https://x","constructor":1}',
    )
    expect(reply).toEqual({
      kind: 'tokens',
      members: { access_token: 'at', token_type: 'Bearer' },
      leniencies: ['token_type missing'],
    })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('keeps an id token that looks like one, and drops another', () => {
    expect(read({ ...FULL, id_token: 'aa.bb.cc' })).toMatchObject({ members: { id_token: 'aa.bb.cc' } })
    const reply = read({ ...FULL, id_token: 'not a token' })
    expect(reply.kind === 'tokens' && reply.members).not.toHaveProperty('id_token')
  })

  test('keeps a token type in the words of the provider', () => {
    expect(read({ ...FULL, token_type: 'bot' })).toMatchObject({ members: { token_type: 'bot' } })
  })

  test('reads any bytes and any JSON without a crash, and never gives out an unfit token', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json(),
      fc
        .record({ access_token: fc.anything(), expires_in: fc.anything(), scope: fc.anything(), error: fc.anything() })
        .map((o) => {
          return JSON.stringify(o, (_key, value) => (typeof value === 'bigint' ? String(value) : value)) ?? ''
        }),
    )
    fc.assert(
      fc.property(anything, fc.constantFrom(200, 201, 204, 400, 500), (body, status) => {
        const reply = read(body, { status })
        if (reply.kind === 'tokens') expect(reply.members.access_token).toMatch(/^[\x21-\x7e]+$/)
      }),
      { numRuns: 500 },
    )
  })
})
