import type { WireIntegration } from '@benchkey/sdk'
import { describe, expect, test } from 'vitest'
import { rowOf } from './rows.ts'

const uid = '3f2c1a52-1111-5222-8333-444455556666'

function integration(more: Partial<WireIntegration> = {}): WireIntegration {
  return {
    ...{ type: 'custom', uid, name: 'box-integration', display_name: 'Box API Access', client_id: 'client-7' },
    ...{ auth_url: 'https://box.example/authorize', token_url: 'https://box.example/token', scopes: ['read', 'write'] },
    ...{ issuer: 'https://box.example', authenticated: true, state: 'signed_in', label: 'Signed in · renews itself' },
    ...{ explanation: '', action: '' },
    ...more,
  }
}

const WARNED = { explanation: 'Box API Access now also asks for write.', action: 'To add it, sign in at https://b/sign-in/box.' }

describe('an integration is shown as', () => {
  test.each([
    ['signed_in', 'Signed in · renews itself', {}],
    ['scope_missing', 'Signed in · more access asked', WARNED],
    ['renewal_delayed', 'Signed in · renewal delayed', WARNED],
  ])('Authenticated with its Integration ID, warnings in the tooltip: %s', (state, label, warning) => {
    const row = rowOf(integration({ state, label, ...warning }))
    expect(row).toMatchObject({ standing: 'authenticated', description: `Authenticated · ${uid}`, canSignOut: true })
    expect(row.tooltip.split('\n')).toEqual(['Box API Access', label, ...Object.values(warning)])
    expect(row.spoken).toBe(`Box API Access, Authenticated, Integration ID ${uid}`)
    expect(row.canSignIn).toBe(state === 'scope_missing')
  })

  test.each([
    ['not_signed_in', 'Not signed in', 'You are not signed in to Box API Access.'],
    ['reauthentication_required', 'Sign in again', 'Box API Access stopped accepting your sign-in on 21 Nov 14:02 UTC.'],
  ])('not signed in, in the words of the server, the reason in the tooltip: %s', (state, label, explanation) => {
    const row = rowOf(
      integration({ authenticated: false, state, label, explanation, action: 'Sign in at https://b/sign-in/box.' }),
    )
    expect(row).toMatchObject({ standing: 'not-signed-in', description: label, canSignIn: true, canSignOut: false })
    expect(row.tooltip).toContain(`\n${explanation}\nSign in at `)
    expect(row.message).toBeUndefined()
  })

  test('a configuration error, its text in the tooltip and in the message for an administrator', () => {
    const explanation = "box.example refuses Benchkey's client ID or secret, so nobody gets tokens for Box API Access."
    const action = 'Tell your administrator: benchkey verify box-integration.'
    const row = rowOf(integration({ state: 'configuration_error', label: 'Configuration error', explanation, action }))
    expect(row).toMatchObject({ standing: 'configuration-error', canSignIn: false })
    expect(row.description).toBe(`Configuration error · ${uid}`)
    expect(row.tooltip).toContain(explanation)
    expect(row.message).toBe(`${explanation} ${action} Integration box-integration (${uid}).`)
  })

  test('a configuration error when the sign-in failed because the service refuses our client', () => {
    const last_problem = {
      ...{ code: 'client_refused', title: 'Benchkey could not finish your sign-in', explanation: 'You did nothing wrong.' },
      ...{ reference: 'R-1', at: '2026-11-26T10:00:00Z' },
    }
    const tried = { authenticated: false, state: 'not_signed_in', label: 'Not signed in', last_problem }
    const row = rowOf(integration(tried))
    expect(row).toMatchObject({ standing: 'configuration-error', description: 'Configuration error', canSignIn: true })
    expect(row.tooltip).toContain(
      '\nBenchkey could not finish your sign-in\nYou did nothing wrong. (Reference R-1.)\nNot signed in',
    )
    expect(row.message).toContain(
      'Benchkey could not finish your sign-in. You did nothing wrong. (Reference R-1.) Integration box-',
    )
    expect(rowOf(integration({ ...tried, last_problem: { ...last_problem, code: 'denied' } }))).toMatchObject({
      ...{ standing: 'not-signed-in', tooltip: expect.stringContaining('(Reference R-1.)') },
    })
  })

  test('not answering, with the key kept: the sign-in is', () => {
    const row = rowOf(integration({ state: 'provider_unavailable', label: 'Service not answering' }))
    expect(row).toMatchObject({ standing: 'authenticated', description: `Service not answering · ${uid}`, canSignIn: false })
  })

  test('six facts that can be copied', () => {
    expect(rowOf(integration()).facts.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      `Integration ID: ${uid}`,
      'Issuer: https://box.example',
      'Client ID: client-7',
      'Scopes: read write',
      'Auth URL: https://box.example/authorize',
      'Token URL: https://box.example/token',
    ])
  })

  test('one line, whatever its names hold', () => {
    const row = rowOf(integration({ display_name: 'Box\n\u202eAPI', account: 'a\u0007b' }))
    expect(row.name).toBe('Box API')
    expect(row.tooltip.split('\n')).toEqual(['Box API', 'Signed in · renews itself as a b'])
  })
})
