import { expect, test } from 'vitest'
import { ada, adaIsLoggedIn, openDoors } from '../../testing/doors.ts'
import type { Preset } from '../domain/preset.ts'

const PRESET: Preset = {
  id: 'acme',
  name: 'Acme',
  source: 'https://acme.example/docs',
  steps: ['Enter `{redirect-uri}` at {region}.'],
  variables: [
    { name: 'region', label: 'Region', meaning: 'Where it is.', kind: 'choice', choices: ['us', 'eu'], example: 'eu' },
    {
      name: 'tenant',
      label: 'Tenant',
      meaning: 'Whose it is.',
      kind: 'label',
      choices: [],
      example: 'contoso',
      default: 'common',
    },
  ],
  options: { 'token-url': 'https://{tenant}.acme.example/{region}/token' },
  refreshScopes: ['offline'],
  quirks: [],
}

async function ask(isAdmin: boolean): Promise<{ readonly status: number; readonly body: unknown }> {
  const authenticate: typeof adaIsLoggedIn.authenticate = async (cookie) => {
    const session = await adaIsLoggedIn.authenticate(cookie)
    return session && { ...session, user: { ...ada, isAdmin } }
  }
  const doors = await openDoors({ logins: { authenticate }, ...(isAdmin && { presets: { list: () => [PRESET] } }) })
  try {
    const { status, body } = await doors.sendFromPage({ path: '/api/admin/presets' })
    return { status, body: JSON.parse(body) }
  } finally {
    await doors.close()
  }
}

test('an administrator’s page gets the presets with the redirect URI in their steps', async () => {
  const { kind: _kind, ...region } = { ...PRESET.variables[0] }
  const { kind: _label, choices: _choices, ...tenant } = { ...PRESET.variables[1] }
  expect(await ask(true)).toEqual({
    status: 200,
    body: {
      presets: [
        {
          ...PRESET,
          steps: ['Enter `https://bench.example/oauth_redirect_callback` at {region}.'],
          variables: [region, tenant],
        },
      ],
    },
  })
})

test('nobody else’s page gets them', async () => {
  expect((await ask(false)).status).toBe(403)
})
