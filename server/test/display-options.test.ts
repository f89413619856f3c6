import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@benchkey/sdk'
import type { PageIntegrations } from '@benchkey/sdk/pages'
import type { WireIntegrations } from '@benchkey/sdk/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OptionsWorld } from '../testing/options-world.ts'
import { send } from '../testing/start-server.ts'

/** What an administrator says about an integration beside how to talk to its service. */
let world: OptionsWorld

beforeAll(async () => {
  world = await OptionsWorld.start()
})
afterAll(() => world.close())

const pageList = async () => JSON.parse((await world.browser.ask('/api/integrations')).body) as PageIntegrations

async function wireList() {
  const { body } = await send(world.files, '/oauth_integrations', {
    method: 'POST',
    headers: { 'x-rs-session-server-rpc-cookie': world.session.cookie },
    body: '{"kwparams":[],"method":"oauth_integrations"}',
  })
  return (JSON.parse(body) as WireIntegrations).providers.flatMap(({ integrations }) => integrations)
}

describe('enabled=0', () => {
  test('lists an integration nowhere, tells code and pages why, asks its service for nothing, and keeps sign-ins', async () => {
    const lines = { name: 'The Lab', 'revocation-url': world.provider.revocationUrl }
    await world.configure('lab', lines)
    await world.signIn('lab')
    const uid = await world.browser.uidOf('lab')
    const { access_token: token } = await world.fetch(uid)
    const started = await world.start('lab')
    await world.configure('lab', { ...lines, enabled: '0' })
    const before = world.provider.requests.length
    const explanation = 'An administrator has switched The Lab off, so nobody gets tokens for it. Stored sign-ins are kept.'
    const refusal = { code: 'configuration_error', reason: 'disabled', explanation }
    expect(await world.fetch(uid)).toMatchObject(refusal)
    expect((await wireList()).map(({ name }) => name)).not.toContain('lab')
    const page = await pageList()
    expect(page.integrations.map(({ section }) => section)).not.toContain('lab')
    expect(page.switchedOff).toMatchObject([{ name: 'The Lab', sections: ['lab'], explanation }])
    const paths = { '': undefined, '/sign-in': { returnTo: 'settings' }, '/try-again': {}, '/icon': undefined }
    for (const [path, body] of Object.entries(paths)) {
      const answer = await world.browser.ask(`/api/integrations/${uid}${path}`, body)
      expect(answer.body, path).toContain(explanation)
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
    }
    expect((await world.comeBack(started)).status).toBe(400)
    await world.pass(590)
    expect(await world.fetch(uid)).toMatchObject(refusal)
    expect(world.provider.requests).toHaveLength(before)
    await world.configure('lab', lines)
    const back = await world.fetch(uid)
    expect(back.access_token).toMatch(/^at-/)
    expect(back.access_token).not.toBe(token)
    expect(world.lastRequest.parameters.get('grant_type')).toBe('refresh_token')
  })

  test('is told to a program that asks for it by a name of now or before', async () => {
    await world.configure('atelier', { name: 'The Atelier', 'previous-names': 'studio', enabled: '0' })
    const environment = {
      BENCHKEY_SERVER_ADDRESS: world.files.publicUrl,
      RS_SESSION_RPC_COOKIE: world.session.cookie,
      CURL_CA_BUNDLE: world.files.caFile,
    }
    const client = createClient({ environment })
    for (const name of ['atelier', 'studio', 'the atelier']) {
      const facts = { code: 'configuration_error', reason: 'disabled', action: 'Ask your administrator when it will be back.' }
      await expect(client.token(name)).rejects.toMatchObject(facts)
    }
    expect((await client.integrations()).map(({ name }) => name)).not.toContain('atelier')
    await expect(client.token('nobody at all')).rejects.toMatchObject({ code: 'unknown_integration' })
    await world.remove('atelier')
  })

  test('is suggested to nobody who mistypes a name', async () => {
    await world.configure('laboratory', { enabled: '0' })
    expect((await world.fetch('laboratery')).error).not.toContain('Did you mean')
    await world.configure('laboratory', {})
    expect((await world.fetch('laboratery')).error).toContain('Did you mean "laboratory"?')
  })

  test('lets people sign out; the revocation waits until it is on again', async () => {
    const lines = { 'revocation-url': world.provider.revocationUrl }
    await world.configure('leaving', lines)
    await world.signIn('leaving')
    const uid = await world.browser.uidOf('leaving')
    await world.configure('leaving', { ...lines, enabled: '0' })
    const before = world.provider.requests.length
    expect((await world.browser.ask(`/api/integrations/${uid}/sign-out`, {})).status).toBe(200)
    await world.configure('leaving', lines)
    const waiting = async (): Promise<unknown> => {
      const { body } = await world.browser.ask(`/api/integrations/${uid}`)
      return (JSON.parse(body) as { revocation?: unknown }).revocation
    }
    await expect.poll(waiting).toMatchObject({ state: 'waiting', words: 'the integration is switched off' })
    expect(world.provider.requests).toHaveLength(before)
  })
})

describe('previous-names', () => {
  test('keep Integration ID and sign-in of a section that was renamed, without a request or a new sign-in', async () => {
    await world.configure('box', {})
    await world.signIn('box')
    const uid = await world.browser.uidOf('box')
    const { access_token: token } = await world.fetch(uid)
    const before = world.provider.requests.length
    await world.remove('box')
    await world.configure('box-files', { 'previous-names': 'box' })
    expect(await world.browser.uidOf('box-files')).toBe(uid)
    expect(await world.fetch(uid)).toMatchObject({ access_token: token })
    await world.remove('box-files')
    await world.configure('files', { 'previous-names': 'box, box-files' })
    expect(await world.browser.uidOf('files')).toBe(uid)
    expect(await world.fetch(uid)).toMatchObject({ access_token: token })
    expect(world.provider.requests).toHaveLength(before)
    expect((await wireList()).find(({ name }) => name === 'files')?.previous_names).toEqual(['box', 'box-files'])
  })
})

describe('icon', () => {
  test('is served to who is logged in, as what it is and nothing more', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
    writeFileSync(join(world.files.configDir, 'lab.svg'), svg, { mode: 0o644 })
    expect(await world.configure('pictured', { icon: 'lab.svg' })).toBe(true)
    const icon = (await pageList()).integrations.find(({ section }) => section === 'pictured')?.icon ?? ''
    const { status, headers, body } = await world.browser.ask(icon)
    expect([status, body]).toEqual([200, svg])
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^image\/svg\+xml/),
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
      'cache-control': 'private, max-age=86400, immutable',
    })
    expect((await send(world.files, icon, { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(401)
    const { cookies } = world.browser
    expect((await send(world.files, icon, { headers: { cookie: cookies, 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    await world.configure('plain', {})
    expect((await world.browser.ask(`/api/integrations/${await world.browser.uidOf('plain')}/icon`)).status).toBe(404)
  })

  test('that cannot be read keeps the configuration that is there', async () => {
    await world.configure('kept', { name: 'Before' })
    expect(await world.configure('kept', { name: 'After', icon: 'no-such-file.png' })).toBe(false)
    expect((await pageList()).integrations.find(({ section }) => section === 'kept')?.name).toBe('Before')
    await world.remove('kept')
  })
})

describe('documentation-url', () => {
  test('stands in the details', async () => {
    await world.configure('documented', { 'documentation-url': 'https://wiki.example/#lab' })
    const { body } = await world.browser.ask(`/api/integrations/${await world.browser.uidOf('documented')}`)
    expect(JSON.parse(body)).toMatchObject({ configuration: { documentationUrl: 'https://wiki.example/#lab' } })
  })
})
