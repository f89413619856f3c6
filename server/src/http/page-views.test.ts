import { describe, expect, test } from 'vitest'
import { ada, box } from '../../testing/doors.ts'
import type { IntegrationView } from '../broker/broker.ts'
import type { State } from '../domain/states.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { pageDetailsOf, pageIntegrationsOf } from './page-views.ts'

const FACTS = { publicUrl: 'https://bench.example/workbench', basePath: '/workbench' }
const at = new Date('2026-11-21T14:02:00Z')

const token: StoredToken = {
  id: 't1',
  userId: 'u1',
  integrationId: 'i1',
  integrationUid: box.uid,
  generation: 3,
  hasRefreshToken: true,
  issuedAt: at,
  signedInAt: new Date('2026-11-01T08:00:00Z'),
  scopesAsked: ['read', 'write'],
  scopesGranted: ['read'],
  tokenType: 'Bearer',
  account: 'ada@box.example',
  clientFingerprint: 'f',
  renewals: 214,
  lastRenewedAt: at,
  lastUsedAt: at,
  lastUsedBy: 'command "Rscript"',
  parked: true,
}

function viewOf(state: State, more: Partial<IntegrationView> = {}): IntegrationView {
  return {
    integration: box,
    state: { name: 'Box API Access', section: 'box-integration', host: 'api.box.com', ...state },
    redirectUri: 'r',
    ...more,
  }
}

describe('the list of a page', () => {
  test('counts the integrations that only a sign-in of the user mends', () => {
    const views = [
      viewOf({ code: 'not_signed_in' }),
      viewOf({ code: 'signed_in' }, { token }),
      viewOf({ code: 'reauthentication_required', reason: 'refused', at }, { token }),
      viewOf({ code: 'scope_missing', scopes: ['admin'] }, { token }),
      viewOf({ code: 'provider_unavailable', at, words: 'answered 503' }, { token }),
      viewOf({ code: 'configuration_error', reason: 'client', at }, { token }),
    ]
    const page = pageIntegrationsOf(views, ada, FACTS)
    expect(page.needYou).toBe(2)
    expect(page.integrations.map((each) => each.signedIn)).toEqual([false, true, true, true, true, true])
  })

  test('writes times as marks and keeps a waiting sign-in', () => {
    const state = { code: 'reauthentication_required', reason: 'refused', at } as const
    const [row] = pageIntegrationsOf([viewOf(state, { token, waitingSince: at })], ada, FACTS).integrations
    expect(row).toMatchObject({
      explanation: expect.stringContaining('on {time:2026-11-21T14:02:00.000Z}. Usual causes'),
      account: 'ada@box.example',
      waitingSince: '2026-11-21T14:02:00.000Z',
      reason: 'refused',
    })
    expect(row).not.toHaveProperty('administratorMessage')
  })

  test('has a complete message for the administrator of a configuration error', () => {
    const [row] = pageIntegrationsOf([viewOf({ code: 'configuration_error', reason: 'client', at })], ada, FACTS).integrations
    expect(row?.administratorMessage).toBe(
      "api.box.com refuses Benchkey's client ID or secret, so nobody gets tokens for Box API Access. Your sign-in is kept. Since 21 Nov 14:02 UTC. Integration box-integration (4c1cfecb-1927-4f19-bc2f-d8ac261364e0) on https://bench.example/workbench, seen by ada. Test it with: benchkey verify box-integration",
    )
  })
})

describe('an integration with display options', () => {
  const shown = {
    ...box,
    ...{ documentationUrl: 'https://wiki.example/box', previousNames: ['old'] },
    icon: { mediaType: 'image/png', base64: '', version: '0123456789abcdef' } as const,
  }

  test('has a picture at an address that changes with it, its former names, and a link to read on', () => {
    const details = pageDetailsOf({ ...viewOf({ code: 'signed_in' }), integration: shown, runningSessions: 0 }, ada, FACTS)
    expect(details).toMatchObject({
      icon: `/workbench/api/integrations/${box.uid}/icon?0123456789abcdef`,
      previousNames: ['old'],
      configuration: { documentationUrl: 'https://wiki.example/box' },
    })
  })

  test('stands apart, with a sentence, when it is switched off', () => {
    const off = viewOf({ code: 'configuration_error', reason: 'disabled' }, { integration: { ...shown, isDisabled: true } })
    expect(pageIntegrationsOf([off], ada, FACTS)).toEqual({
      integrations: [],
      needYou: 0,
      switchedOff: [
        {
          name: 'Box API Access',
          sections: ['box-integration', 'old'],
          explanation: expect.stringContaining('switched Box API Access off'),
          action: 'Ask your administrator when it will be back.',
        },
      ],
    })
  })

  test('tells what the service said of the token', () => {
    const tried = { ...token, validation: { at, words: 'answered 401' } }
    const details = pageDetailsOf({ ...viewOf({ code: 'signed_in' }, { token: tried }), runningSessions: 0 }, ada, FACTS)
    expect(details.signIn?.checked).toEqual({ at: at.toISOString(), words: 'answered 401' })
  })
})

describe('the details of a page', () => {
  test('tell the sign-in: since when, how often renewed, what is granted and what is not', () => {
    const details = pageDetailsOf({ ...viewOf({ code: 'signed_in' }, { token }), runningSessions: 0 }, ada, FACTS)
    expect(details.signIn).toEqual({
      since: '2026-11-01T08:00:00.000Z',
      renewals: 214,
      lastRenewedAt: '2026-11-21T14:02:00.000Z',
      lastUsedAt: '2026-11-21T14:02:00.000Z',
      lastUsedBy: 'command "Rscript"',
      granted: ['read'],
      notGranted: ['write'],
      hasRefreshToken: true,
      canTryAgain: true,
    })
    expect(details.configuration).not.toHaveProperty('issuer')
  })

  test('claim nothing about access that the service did not tell', () => {
    const { scopesGranted, ...untold } = token
    const details = pageDetailsOf({ ...viewOf({ code: 'signed_in' }, { token: untold }), runningSessions: 0 }, ada, FACTS)
    expect(scopesGranted).toBeDefined()
    expect(details.signIn).not.toHaveProperty('granted')
    expect(details.signIn?.notGranted).toEqual([])
  })

  test('keep the client of posit-sdk in a variable, without which it is gone before its first call', () => {
    const { snippets } = pageDetailsOf({ ...viewOf({ code: 'not_signed_in' }), integration: box, runningSessions: 0 }, ada, FACTS)
    expect(snippets.find((each) => each.language === 'Python')?.code).toBe(
      `from posit.workbench import Client\n\nclient = Client()\ntoken = client.oauth.get_credentials("${box.uid}")["access_token"]`,
    )
  })

  test.each([
    ['box-integration', 'box-integration'],
    ['café 1', box.uid],
    ['-x', box.uid],
    ['$(rm)', box.uid],
  ])('ask in the shell for section "%s" by %s', (section, named) => {
    const integration = { ...box, section }
    const { snippets } = pageDetailsOf({ ...viewOf({ code: 'not_signed_in' }), integration, runningSessions: 0 }, ada, FACTS)
    expect(snippets.find((each) => each.language === 'Shell')?.code).toBe(`benchkey token ${named} --header | curl -H @- "$URL"`)
  })
})
