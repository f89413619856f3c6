import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runBenchkey } from '../../testing/command-line.ts'
import { prepareServer, removeFiles } from '../../testing/start-server.ts'
import type { Preset } from '../domain/preset.ts'

const scratch = mkdtempSync(join(tmpdir(), 'benchkey-presets-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const nowhere = ['--config-dir', scratch]

describe('preset list', () => {
  test('names every known provider and its variables', async () => {
    const { stdout, code } = await runBenchkey(['preset', 'list', ...nowhere])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NAME +PROVIDER +VARIABLES$/m)
    expect(stdout).toMatch(/^microsoft-entra +Microsoft Entra ID .*preset-tenant$/m)
  })

  test('is JSON for programs', async () => {
    const { presets } = JSON.parse((await runBenchkey(['preset', 'list', '--json', ...nowhere])).stdout) as { presets: Preset[] }
    expect(presets.find(({ id }) => id === 'box')).toMatchObject({ name: 'Box', source: expect.stringMatching(/^https:/) })
  })
})

describe('preset show', () => {
  test('tells all about one, and a section to paste', async () => {
    const { stdout } = await runBenchkey(['preset', 'show', 'microsoft-entra', ...nowhere])
    expect(stdout).toContain('<public-url>/oauth_redirect_callback')
    expect(stdout).toContain('  token-url=https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token\n')
    expect(stdout).toContain('  preset-tenant: The directory (tenant) ID')
    expect(stdout).toMatch(
      /\[microsoft-entra\]\nname=.*\npreset=microsoft-entra\npreset-tenant=.*\nclient-id=your-client-id\nclient-secret=your-client-secret\n$/,
    )
    expect(stdout).not.toMatch(/\*\*|`/)
  })

  test('leaves the secret out where the client has none', async () => {
    const { stdout } = await runBenchkey(['preset', 'show', 'looker', ...nowhere])
    expect(stdout).toMatch(/\nclient-id=your-client-id\n$/)
  })

  test('knows the redirect URI of the configuration beside it', async () => {
    const files = await prepareServer()
    try {
      const { stdout } = await runBenchkey(['preset', 'show', 'box', '--json', '--config-dir', files.configDir])
      const shown = JSON.parse(stdout) as { redirectUri: string; steps: readonly string[] }
      expect(shown.redirectUri).toMatch(/^https:\/\/[^<]+\/oauth_redirect_callback$/)
      expect(shown.steps.join(' ')).toContain(shown.redirectUri)
    } finally {
      removeFiles(files)
    }
  })

  test('names the nearest for a name that is none', async () => {
    const { stderr, code } = await runBenchkey(['preset', 'show', 'boks', ...nowhere])
    expect(code).toBe(1)
    expect(stderr).toBe('benchkey: There is no preset "boks".\n  Did you mean box? benchkey preset list shows them all.\n')
  })
})
