import { afterEach, describe, expect, test } from 'vitest'
import { grant, held, newGate, oauthError, reset } from './behaviours.ts'
import { RefreshLedger } from './refresh-ledger.ts'
import { type ScriptedProvider, type ScriptedProviderOptions, startScriptedProvider } from './scripted-provider.ts'

const running: ScriptedProvider[] = []
afterEach(async () => {
  for (const provider of running.splice(0)) await provider.close()
})

async function start(options?: ScriptedProviderOptions): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(options)
  running.push(provider)
  return provider
}

function refresh(provider: ScriptedProvider, refreshToken: string): Promise<Response> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
  return fetch(provider.tokenUrl, { method: 'POST', body })
}

const parameters = (refreshToken: string) => new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })

describe('the scripted provider', () => {
  test('rotates, and keeps the book', async () => {
    const provider = await start()
    const { refreshToken } = provider.ledger.signIn()
    const pair = (await (await refresh(provider, refreshToken)).json()) as Record<string, string>
    expect(provider.ledger.stateOf(refreshToken)).toBe('spent')
    expect(provider.ledger.stateOf(String(pair.refresh_token))).toBe('alive')
    expect(provider.ledger.isAccessTokenAlive(String(pair.access_token))).toBe(true)
    expect(provider.ledger).toMatchObject({ requests: 1, refreshes: 1, duplicates: 0, refusals: 0 })
    expect(provider.requests[0]?.parameters.get('refresh_token')).toBe(refreshToken)
    expect(provider.connections).toBe(1)
    expect(provider.bytesReceived).toBeGreaterThan(50)
  })

  test('plays scripted behaviours one each, then the usual one', async () => {
    const provider = await start()
    const { refreshToken } = provider.ledger.signIn()
    provider.next(oauthError('temporarily_unavailable', { status: 503 }), reset())
    expect((await refresh(provider, refreshToken)).status).toBe(503)
    await expect(refresh(provider, refreshToken)).rejects.toThrow()
    expect((await refresh(provider, refreshToken)).status).toBe(200)
    expect(provider.ledger.requests).toBe(1)
  })

  test('holds an answer until the test opens the gate', async () => {
    const provider = await start()
    const { refreshToken } = provider.ledger.signIn()
    const gate = newGate()
    provider.next(held(gate, grant()))
    const answer = refresh(provider, refreshToken)
    await provider.received(1)
    expect(provider.ledger.stateOf(refreshToken)).toBe('alive')
    gate.open()
    expect((await answer).status).toBe(200)
    expect(provider.ledger.stateOf(refreshToken)).toBe('spent')
  })
})

describe('the refresh ledger', () => {
  test('none: a refresh token works again and again', () => {
    const ledger = new RefreshLedger({ rotation: 'none' })
    const { refreshToken } = ledger.signIn()
    expect(ledger.answer(parameters(refreshToken)).status).toBe(200)
    expect(ledger.answer(parameters(refreshToken)).body).not.toHaveProperty('refresh_token')
    expect(ledger.stateOf(refreshToken)).toBe('alive')
  })

  test('strict: a second use is refused and harms nobody else', () => {
    const ledger = new RefreshLedger({ rotation: 'strict' })
    const { refreshToken } = ledger.signIn()
    const second = String(ledger.answer(parameters(refreshToken)).body.refresh_token)
    expect(ledger.answer(parameters(refreshToken)).body.error).toBe('invalid_grant')
    expect(ledger.duplicates).toBe(1)
    expect(ledger.aliveRefreshTokens()).toEqual([second])
  })

  test('strict-family: a second use ends the chain, the live access token included', () => {
    const ledger = new RefreshLedger({ rotation: 'strict-family' })
    const other = ledger.signIn()
    const { refreshToken } = ledger.signIn()
    const pair = ledger.answer(parameters(refreshToken)).body
    ledger.answer(parameters(refreshToken))
    expect(ledger.stateOf(String(pair.refresh_token))).toBe('dead')
    expect(ledger.isAccessTokenAlive(String(pair.access_token))).toBe(false)
    expect(ledger.aliveRefreshTokens()).toEqual([other.refreshToken])
  })

  test('grace: a second use works for N seconds and not after', () => {
    let nowMs = 0
    const ledger = new RefreshLedger({ rotation: 'grace:30', nowMs: () => nowMs })
    const { refreshToken } = ledger.signIn()
    ledger.answer(parameters(refreshToken))
    nowMs = 30_000
    expect(ledger.answer(parameters(refreshToken)).status).toBe(200)
    nowMs = 30_001
    expect(ledger.answer(parameters(refreshToken)).status).toBe(400)
  })
})
