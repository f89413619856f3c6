import { describe, expect, test } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import { askAccount } from './account.ts'
import { plainAccount } from './account-name.ts'
import { NotSent, PerhapsSent, type TransportReply, type TransportRequest } from './transport.ts'

const TOKEN = 'an-access-token-of-some-length'

async function asked(reply: Partial<TransportReply> | Error, accountPath?: readonly string[]) {
  const sent: TransportRequest[] = []
  const transport = async (request: TransportRequest): Promise<TransportReply> => {
    sent.push(request)
    if (reply instanceof Error) throw reply
    return { status: 200, headers: {}, body: '', ...reply }
  }
  const path = accountPath ? { accountPath } : {}
  const integration = { ...integrationOf({ section: 'box', ...path }), accountUrl: 'https://api.example/me?v=2' }
  return { outcome: await askAccount({ transport }, integration, TOKEN), sent }
}

describe('the account URL', () => {
  test('gets one GET with the access token', async () => {
    const { sent, outcome } = await asked({ body: '{"login":"ada"}' })
    expect(outcome).toEqual({ kind: 'named', account: 'ada' })
    expect(sent).toMatchObject([{ method: 'GET', url: 'https://api.example/me?v=2', body: '' }])
    expect(sent[0]?.headers).toEqual({ accept: 'application/json', authorization: `Bearer ${TOKEN}` })
  })

  test.each([
    ['{"email":"ada@box.example","login":"ada"}', undefined, 'ada@box.example'],
    ['{"email":null,"login":"ada","name":"Ada L."}', undefined, 'ada'],
    ['{"data":{"username":"ada"},"name":"x"}', ['data', 'username'], 'ada'],
    ['[{"id":4711}]', ['0', 'id'], '4711'],
    ['{"name":"<script>alert(1)</script>"}', undefined, '<script>alert(1)</script>'],
    [Buffer.from('{"name":"Łukasz ✓"}'), undefined, 'Łukasz ✓'],
  ])('that answers %s names at %j %s', async (body, path, account) => {
    expect((await asked({ body }, path)).outcome).toEqual({ kind: 'named', account })
  })

  test.each<[string, Partial<TransportReply> | Error, readonly string[] | undefined, string]>([
    ['a redirect', { status: 302 }, undefined, 'answered 302, a redirect, which is not followed'],
    ['a refusal', { status: 403, body: '{"login":"ada"}' }, undefined, 'answered 403'],
    ['a page', { body: ' <html>ada</html>' }, undefined, 'answered with a page instead of JSON'],
    ['no JSON', { body: 'ada' }, undefined, 'answered something that is not JSON'],
    ['too much', { body: '{"login":"ada"', brokenOff: 'answered more than 256 KiB' }, undefined, 'answered more than 256 KiB'],
    ['no name', { body: '{}' }, undefined, 'answered without a name; write account-path'],
    ['nothing at the path', { body: '{"login":"ada"}' }, ['email'], 'answered nothing usable at account-path'],
    ['a member of a prototype', { body: '{}' }, ['constructor', 'name'], 'answered nothing usable at account-path'],
    ['no connection', new NotSent('network', 'refused the connection'), undefined, 'refused the connection'],
    ['no answer', new PerhapsSent('timed out after 120 s'), undefined, 'timed out after 120 s'],
  ])('that gives %s names nobody, and says why', async (_what, reply, path, words) => {
    expect((await asked(reply, path)).outcome).toEqual({ kind: 'unnamed', words })
  })

  test('that repeats the access token, however it is written, names nobody', async () => {
    for (const name of [TOKEN, `ada ${TOKEN}`, Buffer.from(TOKEN).toString('base64')]) {
      expect((await asked({ body: JSON.stringify({ name }) })).outcome.kind).toBe('unnamed')
    }
  })
})

describe('an account', () => {
  test.each([
    [' ada ', 'ada'],
    ['a'.repeat(200), 'a'.repeat(200)],
    ['a'.repeat(201), undefined],
    ['', undefined],
    ['ada\nadmin', undefined],
    ['ada\u001b[2J', undefined],
    ['ada\u202e@moc.elpmaxe', undefined],
    ['ada\u2028', 'ada'],
    ['ada\u2028x', undefined],
    ['ada\u200b', undefined],
    ['\ud800', undefined],
    [4711, '4711'],
    [Number.NaN, undefined],
    [true, undefined],
    [{ toString: () => 'ada' }, undefined],
    [['ada'], undefined],
    [null, undefined],
  ])('of %j is %j', (value, account) => {
    expect(plainAccount(value, [])).toBe(account)
  })
})
