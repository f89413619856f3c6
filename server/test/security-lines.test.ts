import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { NewAuditEvent } from '../src/broker/audit-log.ts'
import { sameHash } from '../src/broker/random-values.ts'
import { loadConfiguration } from '../src/config/load.ts'
import { integrationOf, openBrokerRoom } from '../testing/broker-room.ts'
import { PlayedBrowser, signInsOf } from '../testing/played-browser.ts'
import { startScriptedProvider } from '../testing/scripted-provider.ts'
import { prepareServer, removeFiles, writeOauthClients } from '../testing/start-server.ts'

/** Lines of the security bar that belong to no room alone. */
describe('the authorization request', () => {
  it('lets no extra parameter take the place of one of its own', async () => {
    const names = ['state', 'redirect_uri', 'client_id', 'client_secret', 'response_type', 'grant_type', 'code', 'refresh_token']
    const challenges = ['code_challenge', 'code_challenge_method', 'code_verifier']
    const files = await prepareServer()
    const { configDir, dataDir } = files
    for (const name of [...names, ...challenges]) {
      const urls = 'authorization-url = https://box.example/a\ntoken-url = https://box.example/t'
      writeOauthClients(files, `[a]\nclient-id = c\nclient-secret = s\n${urls}\nauthorization-params = x=1&${name}=y\n`)
      const { configuration, diagnostics } = await loadConfiguration({ configDir, dataDir, uid: process.getuid?.() ?? 0 })
      expect(configuration).toBeUndefined()
      expect(diagnostics.map(({ message }) => message)).toContainEqual(expect.stringContaining(`may not name ${name}`))
    }
    removeFiles(files)
  })
})

describe('the callback', () => {
  it('compares the cookie of an attempt in constant time', () => {
    const hash = 'a'.repeat(64)
    expect([sameHash(hash, hash), sameHash(hash, `${'a'.repeat(63)}b`), sameHash(hash, 'a')]).toEqual([true, false, false])
    // Time cannot be measured reliably here; the source can be read.
    expect(sameHash.toString()).toContain('timingSafeEqual')
    const callback = readFileSync(resolve(import.meta.dirname, '../src/broker/callback.ts'), 'utf8')
    expect(callback).toContain('sameHash(sha256(cookie), attempt.cookieHash)')
  })

  it('commits the tokens before anything else can fail: the audit, the trouble of the integration, the pages', async () => {
    const room = await openBrokerRoom()
    const provider = await startScriptedProvider()
    onTestFinished(async () => {
      await provider.close()
      await room.close()
    })
    const { authorizationUrl, tokenUrl } = provider
    const box = integrationOf({ section: 'box', authorizationUrl, tokenUrl })
    await room.configure(box)
    const ann = await room.addUser('ann')
    const isStored = async (): Promise<boolean> => (await room.store.tokens.listForUser(ann.id)).length === 1
    const storedWhen: [string, boolean][] = []
    const record = async (event: NewAuditEvent): Promise<void> => void storedWhen.push([event.action, await isStored()])
    const clearTrouble = async (): Promise<boolean> => {
      storedWhen.push(['trouble', await isStored()])
      throw new Error('the disk is full')
    }
    const integrations = { ...room.store.integrations, clearTrouble }
    const audit = Object.assign(Object.create(room.audit) as typeof room.audit, { record })
    const store = { ...room.store, integrations }
    const browser = new PlayedBrowser(signInsOf({ ...room, audit, store }), await room.browserOf(ann))
    const state = (await browser.start(box.uid)).searchParams.get('state') ?? ''
    const reply = [
      ['state', state],
      ['code', 'a-code'],
    ] as const
    expect(await browser.answer(reply)).toMatchObject({ kind: 'signed_in' })
    expect(storedWhen).toEqual([
      ['sign_in.started', false],
      ['sign_in.finished', true],
      ['trouble', true],
    ])
  })
})

describe('the configuration', () => {
  it('takes a client secret from its own places only', async () => {
    const files = await prepareServer()
    const elsewhere = mkdtempSync(join(tmpdir(), 'benchkey-elsewhere-'))
    for (const path of [join(elsewhere, 'secret'), '/etc/passwd', '../data/key-ring', '/proc/self/environ']) {
      const urls = 'authorization-url = https://box.example/a\ntoken-url = https://box.example/t'
      writeOauthClients(files, `[a]\nclient-id = c\n${urls}\nclient-secret-file = ${path}\n`)
      const { configDir, dataDir } = files
      const { configuration } = await loadConfiguration({ configDir, dataDir, uid: process.getuid?.() ?? 0 })
      expect(configuration).toBeUndefined()
    }
    rmSync(elsewhere, { recursive: true })
    removeFiles(files)
  })
})
