import { describe, expect, test } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import { realEffects } from '../effects.ts'
import { createAuthorizationServers } from './create.ts'
import type { RevocationOutcome } from './outcome.ts'
import { NotSent, PerhapsSent, type TransportReply, type TransportRequest } from './transport.ts'

const INTEGRATION = integrationOf({ section: 'box', revocationUrl: 'https://box.example/revoke' })

async function revoke(
  answer: Partial<TransportReply> | Error,
): Promise<{ outcome: RevocationOutcome; sent: TransportRequest[] }> {
  const sent: TransportRequest[] = []
  const servers = createAuthorizationServers({
    effects: realEffects(),
    allowLoopback: false,
    transport: async (request) => {
      sent.push(request)
      if (answer instanceof Error) throw answer
      return { status: 200, headers: {}, body: '', ...answer }
    },
  })
  return { outcome: await servers.revoke(INTEGRATION, { token: 'the-token', tokenTypeHint: 'refresh_token' }), sent }
}

describe('revocation', () => {
  test('sends token, hint and client once to the revocation URL', async () => {
    const { sent } = await revoke({})
    expect(sent.map((request) => request.url)).toEqual(['https://box.example/revoke'])
    expect(Object.fromEntries(new URLSearchParams(sent[0]?.body))).toEqual({
      token: 'the-token',
      token_type_hint: 'refresh_token',
      client_id: 'client-of-box',
      client_secret: 'a client secret',
    })
  })

  test.each<[string, Partial<TransportReply> | Error, RevocationOutcome]>([
    ['200', {}, { kind: 'done' }],
    ['204', { status: 204 }, { kind: 'done' }],
    [
      '503 with Retry-After',
      { status: 503, headers: { 'retry-after': '7' } },
      { kind: 'retry', words: 'answered 503', retryAfterSeconds: 7 },
    ],
    ['500', { status: 500 }, { kind: 'retry', words: 'answered 500' }],
    ['429', { status: 429 }, { kind: 'retry', words: 'answered 429' }],
    ['408', { status: 408 }, { kind: 'retry', words: 'answered 408' }],
    ['nothing sent', new NotSent('network', 'refused the connection'), { kind: 'retry', words: 'refused the connection' }],
    ['perhaps sent', new PerhapsSent('closed the connection'), { kind: 'retry', words: 'closed the connection' }],
    [
      '400 unsupported_token_type',
      { status: 400, body: '{"error":"unsupported_token_type"}' },
      { kind: 'refused', words: 'answered unsupported_token_type' },
    ],
    ['401', { status: 401, body: '<html>' }, { kind: 'refused', words: 'answered 401', isOfClient: true }],
    ['a redirect', { status: 302 }, { kind: 'refused', words: 'answered 302' }],
    [
      'an error that repeats the token',
      { status: 400, body: '{"error":"no the-token"}' },
      { kind: 'refused', words: 'answered no [removed]' },
    ],
  ])('%s', async (_what, answer, expected) => {
    expect((await revoke(answer)).outcome).toEqual(expected)
  })
})
