import { describe, expect, test } from 'vitest'
import type { Client } from '../domain/integration.ts'
import { clientAuthentication, confidentialOf } from './client-authentication.ts'
import { providerText } from './provider-text.ts'

/** So short that no rule for long runs of letters removes what is made of it. */
const client: Client = { clientId: 'c1', clientSecret: 's3:c/r', authenticationMethod: 'client-secret-basic' }

describe('what is confidential of a client', () => {
  test('is the secret and the Basic credentials as they are sent, so that no service can give them back', async () => {
    const headers = new Headers()
    const body = new URLSearchParams()
    await clientAuthentication(client)({ issuer: 'https://as.example' }, { client_id: client.clientId }, body, headers)
    const sent = headers.get('authorization') ?? ''
    expect(sent).toMatch(/^Basic \S{8,31}$/)
    expect(providerText(`unknown: ${sent}`, confidentialOf(client))).toBe('unknown: Basic [removed]')
    expect(providerText('unknown: s3%3Ac%2Fr', confidentialOf(client))).toBe('unknown: [removed]')
  })

  test('is the secret alone where it stands in the body', () => {
    expect(confidentialOf({ ...client, authenticationMethod: 'client-secret-post' })).toEqual(['s3:c/r'])
  })
})
