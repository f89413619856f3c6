import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listPresets } from '../src/config/presets.ts'
import { chooseAccountParamsOf, type Integration, type Parameters } from '../src/domain/integration.ts'
import { realEffects } from '../src/effects.ts'
import { createAuthorizationServers } from '../src/oauth/create.ts'
import { valueAt } from '../src/oauth/json-pointer.ts'
import type { TokenOutcome } from '../src/oauth/outcome.ts'
import { reply } from '../testing/behaviours.ts'
import { DOCUMENTS_AND_CODE } from '../testing/presets/documents-and-code.ts'
import { GOOGLE_AND_MICROSOFT } from '../testing/presets/google-and-microsoft.ts'
import { PLATFORMS_AND_LOGINS } from '../testing/presets/platforms-and-logins.ts'
import type { CaseReply, PresetCase } from '../testing/presets/preset-case.ts'
import { WORK_MONEY_PEOPLE } from '../testing/presets/work-money-people.ts'
import { readSections } from '../testing/read-sections.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'

/*
 * Each preset against what stands in its provider's documentation: a section that names it asks for a sign-in with exactly these
 * parameters, its token requests go out over a real socket with exactly those, and the documented replies are read for what they are.
 */

const CASES = [...DOCUMENTS_AND_CODE, ...GOOGLE_AND_MICROSOFT, ...PLATFORMS_AND_LOGINS, ...WORK_MONEY_PEOPLE]
const CLIENT = { id: 'the-client', secret: 'the-secret' }
const REDIRECT_URI = 'https://bench.example/oauth_redirect_callback'
const AUTHORIZATION: Readonly<Record<string, string>> = {
  basic: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`,
  'secret as user name': `Basic ${Buffer.from(`${CLIENT.secret}:`).toString('base64')}`,
}

const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
let provider: ScriptedProvider
beforeAll(async () => {
  provider = await startScriptedProvider()
})
afterAll(() => provider.close())

test('every preset has what its provider documents', () => {
  expect(CASES.map(({ preset }) => preset).toSorted()).toEqual(
    listPresets()
      .map(({ id }) => id)
      .toSorted(),
  )
})

describe.each(CASES)('$preset', (each) => {
  test('asks for a sign-in as its provider documents it', async () => {
    const { address, parameters } = requestOf(await integrationOf(each))
    const pkce = each.pkce === 'none' ? {} : { code_challenge: 'a-challenge', code_challenge_method: 'S256' }
    expect(address).toBe(each.authorization[0])
    expect(parameters).toEqual({
      ...{ response_type: 'code', [each.clientId ?? 'client_id']: CLIENT.id, redirect_uri: REDIRECT_URI, state: 'a-state' },
      ...pkce,
      ...each.authorization[1],
    })
  })

  test('asks for another account as its provider documents it', async () => {
    const integration = await integrationOf(each)
    const { parameters } = requestOf(integration, chooseAccountParamsOf(integration))
    expect(parameters).toEqual({ ...requestOf(integration).parameters, ...each.anotherAccount })
  })

  test('knows the addresses of its provider', async () => {
    const { tokenUrl, refreshUrl, revocationUrl, accountUrl } = await integrationOf(each)
    expect({ tokenUrl, refreshUrl, revocationUrl, accountUrl }).toEqual({
      ...{ tokenUrl: each.token[0], refreshUrl: each.refreshUrl, revocationUrl: each.revocationUrl },
      accountUrl: each.accountUrl,
    })
  })

  test('exchanges a code, and reads the tokens', async () => {
    const outcome = await exchange(each, each.code)
    const code = { grant_type: 'authorization_code', code: 'a-code', redirect_uri: REDIRECT_URI }
    const verifier = each.pkce === 'none' ? {} : { code_verifier: 'a-verifier' }
    expectSent(each, each.token[0], { ...code, ...verifier, ...each.codeParameters })
    const refreshToken = each.code.body.refresh_token
    expectTokens(outcome, each, { accessToken: 'at-1', refreshToken })
    expect(refreshToken === undefined).toBe(each.refresh === undefined)
    const integration = await integrationOf(each)
    expect(lifeOf(outcome, integration)).toBe(each.life)
    expect(keptOf(outcome)).toEqual(each.kept)
    const { accountUrl, accountPath } = integration
    if (accountPath && accountUrl === undefined) expect(`${valueAt(each.code.body, accountPath)}`).toMatch(/^[\w.@-]+$/)
  })

  const { refresh: renewal, dead } = each
  if (renewal)
    test('refreshes, and reads the new tokens', async () => {
      const sent = { grant_type: 'refresh_token', refresh_token: 'rt-1', ...each.refreshParameters }
      const outcome = await refresh(each, renewal)
      expectSent(each, each.refreshUrl ?? each.token[0], sent)
      expect(outcome).toMatchObject({ kind: 'success', reply: { accessToken: 'at-2' } })
      expect(outcome.kind === 'success' && outcome.reply.refreshToken).toBe(renewal.body.refresh_token)
      expect(lifeOf(outcome, await integrationOf(each)) === undefined).toBe(each.life === undefined)
    })

  if (dead)
    test('knows a refresh token that has ended', async () => {
      const kind = each.hidesDeath ? 'refused' : 'grant_refused'
      expect(await refresh(each, dead)).toMatchObject({ kind })
    })

  test('knows that the client is refused', async () => {
    expect(await exchange(each, each.wrongClient)).toMatchObject({ kind: 'client_refused' })
    if (each.refresh) expect(await refresh(each, each.wrongClient)).toMatchObject({ kind: 'client_refused' })
  })
})

/** The authorization request, taken apart; no parameter is there twice. */
function requestOf(integration: Integration, more: Parameters = []): { address: string; parameters: object } {
  const challenge = integration.pkce === 'S256' ? { codeChallenge: 'a-challenge' } : {}
  const request = { redirectUri: REDIRECT_URI, state: 'a-state', more, ...challenge }
  const { origin, pathname, searchParams } = new URL(servers.authorizationRequestUrl(integration, request))
  expect(new Set(searchParams.keys()).size).toBe(searchParams.size)
  return { address: origin + pathname, parameters: Object.fromEntries(searchParams) }
}

/** What a section of `oauth-clients.conf` that names the preset becomes. */
async function integrationOf({ preset, variables = {}, token: [, client] }: PresetCase): Promise<Integration> {
  const lines = [
    ...['[a-section]', `preset=${preset}`, `client-id=${CLIENT.id}`],
    ...(client === 'public' ? [] : [`client-secret=${CLIENT.secret}`]),
    ...Object.entries(variables).map(([name, value]) => `preset-${name}=${value}`),
  ]
  const { integrations, findings } = await readSections(lines.join('\n'))
  expect(findings.inOrder()).toEqual([])
  const [integration] = integrations
  if (!integration) throw new Error(`A section with preset=${preset} is no integration.`)
  return integration
}

/** The same, with its token requests on the way to the played provider. */
async function playedOf(each: PresetCase): Promise<Integration> {
  const integration = await integrationOf(each)
  const played = (url: string): string => provider.origin + url.slice(new URL(url).origin.length)
  const { tokenUrl, refreshUrl } = integration
  return { ...integration, tokenUrl: played(tokenUrl), ...(refreshUrl === undefined ? {} : { refreshUrl: played(refreshUrl) }) }
}

async function exchange(each: PresetCase, answer: CaseReply): Promise<TokenOutcome> {
  const integration = await playedOf(each)
  provider.next(reply(answer.body, { status: answer.status }))
  const verifier = integration.pkce === 'S256' ? { codeVerifier: 'a-verifier' } : {}
  return await servers.exchangeCode(integration, { code: 'a-code', redirectUri: REDIRECT_URI, ...verifier })
}

async function refresh(each: PresetCase, answer: CaseReply): Promise<TokenOutcome> {
  provider.next(reply(answer.body, { status: answer.status }))
  return await servers.refresh(await playedOf(each), { refreshToken: 'rt-1', mayLeave: () => true })
}

/** The latest request, parameter by parameter, with the client's credentials where the provider wants them and nowhere else. */
function expectSent(each: PresetCase, url: string, parameters: Readonly<Record<string, string>>): void {
  const request = provider.requests.at(-1)
  const [, client] = each.token
  const credentials = {
    post: { [each.clientId ?? 'client_id']: CLIENT.id, client_secret: CLIENT.secret },
    public: { client_id: CLIENT.id },
    ...{ basic: {}, 'secret as user name': {} },
  }[client]
  expect(request?.path).toBe(url.slice(new URL(url).origin.length))
  expect(request?.headers['content-type']).toMatch(each.isJson ? /^application\/json/ : /^application\/x-www-form-urlencoded/)
  expect(request?.headers.authorization).toBe(AUTHORIZATION[client])
  expect([...(request?.parameters ?? [])].toSorted()).toEqual(Object.entries({ ...parameters, ...credentials }).toSorted())
}

function expectTokens(outcome: TokenOutcome, each: PresetCase, given: { accessToken: string; refreshToken: unknown }): void {
  expect(outcome).toMatchObject({ kind: 'success' })
  if (outcome.kind !== 'success') return
  const { accessToken, refreshToken, scopes = [] } = outcome.reply
  expect({ accessToken, refreshToken, scopes }).toEqual({ ...given, scopes: each.scopes ?? [] })
}

/** Seconds, as told by the reply or else by the preset. */
function lifeOf(outcome: TokenOutcome, { expiresInDefaultSeconds }: Integration): number | undefined {
  return outcome.kind === 'success' ? (outcome.reply.expiresInSeconds ?? expiresInDefaultSeconds) : undefined
}

function keptOf(outcome: TokenOutcome): unknown {
  return outcome.kind === 'success' ? outcome.reply.kept?.extra : undefined
}
