import { describe, expect, test } from 'vitest'
import { type NormalisedReply, normalise, type ReplyShape } from './normalise.ts'
import { instantOf } from './reply-members.ts'

/** Slack, as documented: the user's token nested beside the bot's, and flat when it is refreshed. */
const SLACK: ReplyShape = {
  paths: {
    accessToken: ['authed_user', 'access_token'],
    refreshToken: ['authed_user', 'refresh_token'],
    expiresIn: ['authed_user', 'expires_in'],
    scope: ['authed_user', 'scope'],
  },
  perSecond: 1,
  mayBeFlat: false,
  keep: [],
}
const SLACK_REFRESH = { ...SLACK, mayBeFlat: true }
const BOT = { ok: true, access_token: 'xoxb-bot', refresh_token: 'xoxe-bot', expires_in: 1, scope: 'bots', token_type: 'bot' }
const USER = { id: 'U1', access_token: 'xoxp-user', refresh_token: 'xoxe-user', expires_in: 43_200, scope: 'chat:write,search' }

function read(body: object | string, shape: Partial<ReplyShape>, type = 'application/json'): NormalisedReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const whole = { paths: {}, perSecond: 1, mayBeFlat: false, keep: [], ...shape }
  return normalise({ status: 200, headers: { 'content-type': type }, body: text }, whole)
}

const membersOf = (reply: NormalisedReply) => (reply.kind === 'tokens' ? reply.members : reply)

describe('a reply with places of its own', () => {
  test('gives the token, its refresh token, life and scopes from there, not those of another token beside it', () => {
    expect(membersOf(read({ ...BOT, authed_user: USER }, SLACK))).toEqual({
      access_token: 'xoxp-user',
      refresh_token: 'xoxe-user',
      expires_in: 43_200,
      scopes: ['chat:write', 'search'],
      token_type: 'Bearer',
    })
  })

  test('gives no token when nothing stands there, whatever stands in the usual place', () => {
    const words = 'answered without an access token'
    expect(read({ ...BOT, authed_user: { id: 'U1' } }, SLACK)).toEqual({ kind: 'unreadable', words })
    expect(read(BOT, SLACK)).toEqual({ kind: 'unreadable', words })
  })

  test('takes no refresh token from the usual place either', () => {
    const { refresh_token: _none, ...withoutRefresh } = USER
    expect(membersOf(read({ ...BOT, authed_user: withoutRefresh }, SLACK))).not.toHaveProperty('refresh_token')
  })

  test('is read beside the access token where nothing else is said', () => {
    const accessToken = ['authed_user', 'access_token']
    expect(membersOf(read({ ...BOT, authed_user: { ...USER, token_type: 'user' } }, { paths: { accessToken } }))).toEqual({
      ...{ access_token: 'xoxp-user', refresh_token: 'xoxe-user', expires_in: 43_200, token_type: 'user' },
      scopes: ['chat:write', 'search'],
    })
    const bare = read({ ...BOT, authed_user: { access_token: 'xoxp-user' } }, { paths: { accessToken } })
    expect(membersOf(bare)).toEqual({ access_token: 'xoxp-user', token_type: 'Bearer' })
    const without = read({ ...BOT, authed_user: { id: 'U1' } }, { paths: { accessToken } })
    expect(without).toEqual({ kind: 'unreadable', words: 'answered without an access token' })
  })

  test('is read as usual when it answers a refresh flat', () => {
    const flat = { ok: true, access_token: 'xoxp-2', refresh_token: 'xoxe-2', expires_in: 43_200, token_type: 'user' }
    const reply = read(flat, SLACK_REFRESH)
    expect(membersOf(reply)).toEqual({
      ...{ access_token: 'xoxp-2', refresh_token: 'xoxe-2', expires_in: 43_200, token_type: 'user' },
    })
    expect(reply).toHaveProperty('leniencies', ['flat refresh reply'])
    expect(membersOf(read({ ...BOT, authed_user: USER }, SLACK_REFRESH))).toMatchObject({ access_token: 'xoxp-user' })
  })

  test('is an error where it says so', () => {
    expect(read({ ok: false, error: 'invalid_refresh_token' }, SLACK)).toMatchObject({
      kind: 'error',
      error: 'invalid_refresh_token',
    })
    const beside = { error: '', data: { access_token: 'at' } }
    expect(read(beside, { paths: { accessToken: ['data', 'access_token'] } }).kind).toBe('tokens')
  })

  test('walks members of its own and elements of lists only', () => {
    const at = (...accessToken: string[]) => read('{"a":[{"t":"at"}],"b":"at"}', { paths: { accessToken } }).kind
    expect([at('a', '0', 't'), at('b')]).toEqual(['tokens', 'tokens'])
    expect([at('a', '00', 't'), at('a', 'length'), at('b', '0'), at('__proto__', 't'), at('constructor', 'name')]).toEqual(
      Array(5).fill('unreadable'),
    )
  })

  test('may be a form', () => {
    expect(membersOf(read('token=at&rt=r', { paths: { accessToken: ['token'], refreshToken: ['rt'] } }, 'text/plain'))).toEqual({
      ...{ access_token: 'at', refresh_token: 'r', token_type: 'Bearer' },
    })
  })
})

describe('a reply that broke off', () => {
  const fragment = (body: object, lost: number) => JSON.stringify(body).slice(0, -lost)

  test('saves the refresh token of its own place, never that of another token', () => {
    const whole = { ...BOT, authed_user: USER }
    expect(read(fragment(whole, 3), SLACK)).toHaveProperty('refreshToken', 'xoxe-user')
    const tail = JSON.stringify(USER).length
    expect(read(fragment(whole, tail), SLACK)).not.toHaveProperty('refreshToken')
  })

  test('saves that of a flat refresh', () => {
    expect(read(fragment({ access_token: 'a', refresh_token: 'xoxe-2', x: 1 }, 2), SLACK_REFRESH)).toHaveProperty(
      'refreshToken',
      'xoxe-2',
    )
  })

  test('is not misled by a name with characters of regular expressions', () => {
    const shape = { paths: { refreshToken: ['a.b(', 'r/t"'] } }
    expect(read('{"a.b(":{"r/t\\"":"rt","x":', shape)).toHaveProperty('refreshToken', 'rt')
    expect(read('{"aXb(":{"r/t\\"":"rt","x":', shape)).not.toHaveProperty('refreshToken')
  })
})

describe('a refresh token beside nothing else that is of use', () => {
  const found = (body: object | string, shape: Partial<ReplyShape> = {}) => {
    const reply = read(body, shape)
    return reply.kind === 'tokens' ? 'tokens' : (reply.refreshToken ?? 'none')
  }

  test('is found wherever it stands, when no place is configured', () => {
    const places: readonly (object | string)[] = [
      { data: { access_token: 'at', refresh_token: 'new' } },
      [{ access_token: 'at', refresh_token: 'new' }],
      '{"refresh_token" : "new"} and more',
      '{"a":1,"refresh_token":"new","acce',
      'refresh_token=new&token_type=bearer',
      { error: 'temporarily_unavailable', refresh_token: 'new' },
    ]
    expect(places.map((body) => found(body))).toEqual(places.map(() => 'new'))
  })

  test('is not chosen among several, nor taken out of a page or a text', () => {
    const bodies: readonly (object | string)[] = [
      { user: { refresh_token: 'one' }, bot: { refresh_token: 'two' } },
      '<p>{"refresh_token":"YOUR-TOKEN"}</p>',
      { log: JSON.stringify({ refresh_token: 'old' }) },
      { refresh_token: 'two\nlines' },
      { refresh_token: 7 },
    ]
    expect(bodies.map((body) => found(body))).toEqual(bodies.map(() => 'none'))
  })

  test('is none when it is a word about one, as services answer that check what they get', () => {
    const bodies: readonly (object | string)[] = [
      { success: false, errors: { refresh_token: 'is invalid' } },
      { error: 'validation_failed', fields: { refresh_token: 'This value is not valid.' } },
      { refresh_token: 'expired' },
      { refresh_token: 'invalid_token' },
      { data: { refresh_token: 'undefined' } },
      { request: { refresh_token: '********4711' } },
      { request: { refresh_token: '[FILTERED]' } },
      'refresh_token=required&status=422',
      '{"errors":{"refresh_token":"has been revoked"},"sta',
    ]
    expect(bodies.map((body) => found(body))).toEqual(bodies.map(() => 'none'))
    const placed = { paths: { refreshToken: ['data', 'refresh_token'] } }
    expect(found({ data: { refresh_token: 'is invalid' } }, placed)).toBe('none')
  })

  test('may be of odd characters, as those of some services are', () => {
    for (const token of ['M.C507_BAY.0.U.-Cq*T!x**y$$', '1|aB3+/=', 'v1.M~r:t', '{5F2-9C}']) {
      expect(found({ status: 'ok', refresh_token: token })).toBe(token)
    }
  })

  test('counts at its configured place only', () => {
    expect(found({ other: { refresh_token: 'of-another' }, data: {} }, { paths: { refreshToken: ['data', 'rt'] } })).toBe('none')
    expect(found('refresh_token=of-another&x=1', { paths: { accessToken: ['token'] } })).toBe('none')
    expect(found({ ...BOT, authed_user: { id: 'U1' } }, { paths: { accessToken: ['authed_user', 'access_token'] } })).toBe('none')
  })

  test('of a form that broke off counts if another pair follows it', () => {
    const cut = (body: string) =>
      normalise({ status: 200, headers: {}, body, brokenOff: 'closed the connection' }) as { refreshToken?: string }
    expect(cut('refresh_token=new&acc').refreshToken).toBe('new')
    expect(cut('access_token=at&refresh_token=ne').refreshToken).toBeUndefined()
  })
})

describe('UTF-16', () => {
  test('is read by its mark, in both orders of bytes', () => {
    const little = Buffer.from('\uFEFF{"access_token":"at"}', 'utf16le')
    for (const body of [little, Buffer.from(little).swap16()]) {
      expect(normalise({ status: 200, headers: {}, body }).kind).toBe('tokens')
    }
  })
})

describe('a life', () => {
  test('in milliseconds becomes whole seconds, at least one', () => {
    const lifeOf = (expires_in: unknown) =>
      membersOf(read({ access_token: 'at', expires_in, refresh_token_expires_in: 60_000 }, { perSecond: 1000 }))
    expect(lifeOf(3_600_000)).toMatchObject({ expires_in: 3600, refresh_token_expires_in: 60 })
    expect(lifeOf('1500')).toMatchObject({ expires_in: 1 })
    expect(lifeOf(12)).toMatchObject({ expires_in: 1 })
    expect(lifeOf(-1)).not.toHaveProperty('expires_in')
  })

  test('told as an instant is kept beside one that is told as a life', () => {
    const body = { access_token: 'at', expiresAt: '2026-11-23T10:30:00.000Z', expires_in: 5 }
    expect(membersOf(read(body, { paths: { expiresAt: ['expiresAt'] } }))).toMatchObject({
      expires_at: new Date('2026-11-23T10:30:00Z'),
      expires_in: 5,
    })
  })
})

describe('an instant', () => {
  const AT = '2026-11-23T10:30:00.000Z'

  test.each([
    '2026-11-23T10:30:00Z',
    '2026-11-23T10:30:00.000+00:00',
    '2026-11-23T11:30:00+0100',
    '2026-11-23 10:30:00',
    '2026-11-23t10:30z',
    Date.parse(AT),
    Date.parse(AT) / 1000,
    String(Date.parse(AT) / 1000),
  ])('is read from %j', (value) => {
    expect(instantOf(value)?.toISOString()).toBe(AT)
  })

  test.each(['tomorrow', '2026-11-23', '-5', '', '2026-13-45T99:00:00Z', 'Mon, 23 Nov 2026', -1, Number.NaN, null, {}, true])(
    'is not read from %j',
    (value) => {
      expect(instantOf(value)).toBeUndefined()
    },
  )
})
