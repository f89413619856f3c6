import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { held, newGate, oauthError } from '../../testing/behaviours.ts'
import { integrationOf } from '../../testing/broker-room.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Effects } from '../domain/effects.ts'
import { realEffects } from '../effects.ts'
import { createProbes } from './probes.ts'

const REQUEST_MS = 10_000

let provider: ScriptedProvider
const gate = newGate()

beforeAll(async () => {
  provider = await startScriptedProvider()
  provider.always(held(gate, oauthError('invalid_grant')))
})

afterAll(() => {
  gate.open()
  return provider.close()
})

/** Time is up for a request as soon as one has arrived. */
function hurried(): Effects {
  const { sleep, ...effects } = realEffects()
  const arrived = provider.received(provider.requests.length + 1)
  return { ...effects, sleep: (ms, signal) => (ms === REQUEST_MS ? arrived : sleep(ms, signal)) }
}

const probed = (signal: AbortSignal) => ({
  integration: integrationOf({ section: 'box', tokenUrl: provider.tokenUrl, authorizationUrl: provider.authorizationUrl }),
  ...{ redirectUri: 'https://bench.example/oauth_redirect_callback', signal },
})

describe('a service that never answers', () => {
  it('is given up after ten seconds, told as one that timed out, and asked no more', async () => {
    const probes = createProbes({ effects: hurried(), allowLoopback: true })
    const proof = await probes.client(probed(new AbortController().signal), { isDoubted: false, onAnswer: () => undefined })
    expect(provider.requests).toHaveLength(1)
    expect(proof).toMatchObject({ kind: 'silent', answer: { outcome: { words: 'timed out after 10 s' } } })
  })

  it('is given up at once when whoever asked goes away', async () => {
    const left = new AbortController()
    const probes = createProbes({ effects: realEffects(), allowLoopback: true })
    const arrived = provider.received(provider.requests.length + 1)
    const answer = probes.authorization(probed(left.signal))
    await arrived
    left.abort(new Error('gone'))
    expect(await answer).toMatchObject({ reply: { reading: 'silent' } })
  })
})
