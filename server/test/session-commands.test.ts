import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runBenchkey } from '../testing/command-line.ts'
import { openShell, type SessionShell } from '../testing/session-shell.ts'
import { DEMO_LIFE_SECONDS, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'

let world: SessionWorld
beforeAll(async () => {
  world = await startSessionWorld()
})
afterAll(async () => {
  expect(await world.close()).toBe(0)
})

describe('benchkey in a session', () => {
  let shell: SessionShell
  let token: string

  beforeAll(async () => {
    shell = openShell(world.files)
    token = (await shell.ask('benchkey token demo')).stdout.trim()
  })

  afterAll(() => shell.exit())

  it.each(['demo', 'Demo API', 'dEMO api', 'GUID', 'GUID in capitals'])('token %s prints the token alone', async (name) => {
    const asked = name.startsWith('GUID') ? (name === 'GUID' ? world.uid : world.uid.toUpperCase()) : name
    expect(await shell.ask(`benchkey token '${asked}'`)).toEqual({ code: 0, stdout: `${token}\n`, stderr: '' })
    expect(token).toMatch(/^[\w-]{20,}$/)
  })

  it('token --json prints the reply, whose expiry both clients read', async () => {
    const { code, stdout } = await shell.ask('benchkey token demo --json')
    const { expiry, ...reply } = JSON.parse(stdout) as { expiry: string }
    expect({ code, reply }).toEqual({ code: 0, reply: { access_token: token } })
    expect(expiry).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const left = Date.parse(expiry) - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(DEMO_LIFE_SECONDS * 1000)
  })

  it('token --header | curl -H @- calls the API', async () => {
    const { code, stdout } = await shell.ask(`benchkey token demo --header | curl -sS -H @- ${world.provider.resourceUrl}`)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ user: 'ada', client: 'demo', scope: 'openid read' })
  })

  it('token of an integration that needs a sign-in exits 4 with its two lines', async () => {
    expect(await shell.ask('benchkey token box-integration')).toEqual({
      code: 4,
      stdout: '',
      stderr:
        'benchkey: You are not signed in to Box API Access.\n' +
        `  Sign in at ${world.files.publicUrl}/sign-in/box-integration, then run this again.\n`,
    })
  })

  it.each([
    ['demmo', 'demo'],
    ['Box API Acces', 'Box API Access'],
  ])('token %j names the nearest, %j, and exits 1', async (typed, nearest) => {
    expect(await shell.ask(`benchkey token '${typed}'`)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `benchkey: There is no integration "${typed}" for you on this server. IDs differ between servers.\n` +
        `  Did you mean "${nearest}"? See yours with: benchkey integrations.\n`,
    })
  })

  it('token of an unknown GUID exits 1', async () => {
    const { code, stderr } = await shell.ask('benchkey token 00000000-0000-4000-8000-000000000000')
    expect(code).toBe(1)
    expect(stderr).toContain('There is no integration "00000000-0000-4000-8000-000000000000" for you on this server.')
  })

  it('integrations --json lists what the session RPC lists, in the order of the file', async () => {
    const { code, stdout } = await shell.ask('benchkey integrations --json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'demo', display_name: 'Demo API', uid: world.uid, authenticated: true, state: 'signed_in' },
      { name: 'box-integration', authenticated: false, state: 'not_signed_in', scopes: ['openid', 'read'] },
      { name: 'brief', display_name: 'Brief API', authenticated: false },
    ])
    expect(stdout).not.toContain(token)
  })

  it('integrations prints a table', async () => {
    const { stdout } = await shell.ask('benchkey integrations')
    const [head, ...rows] = stdout.trim().split('\n')
    expect(head).toMatch(/^NAME +SECTION +ID +STATE$/)
    expect(rows[0]).toMatch(new RegExp(`^Demo API +demo +${world.uid} +Signed in · renews itself$`))
    expect(rows).toHaveLength(3)
  })

  it.each([
    'token',
    'token demo --min-ttl soon',
    'token demo --header --json',
    'token demo --hedaer',
    'integrations demo',
    'tokn demo',
  ])('%s is not understood: 2', async (words) => {
    const { code, stdout, stderr } = await shell.ask(`benchkey ${words}`)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^benchkey: .*\n {2}.*\n$/)
  })

  it('world.files that are wrong are 78', async () => {
    const folder = join(world.files.dir, 'wrong')
    const { code, stdout } = await shell.ask(
      `mkdir -m 700 '${folder}'; printf 'www-prot=1\\n' > '${folder}/benchkey.conf'; chmod 600 '${folder}/benchkey.conf'
       benchkey config check --config-dir '${folder}' --data-dir '${world.files.dataDir}'`,
    )
    expect(code).toBe(78)
    expect(stdout).toContain(`${folder}/benchkey.conf:1: `)
    expect(stdout).toContain('www-port')
  })

  it('outside a session every command of it exits 1 and says what to run', async () => {
    for (const words of [['token', 'demo'], ['integrations']]) {
      expect(await runBenchkey(words)).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'benchkey: This is not a Benchkey session: RS_SERVER_ADDRESS is not set.\n' +
          '  Run this inside a session, or log this terminal in: benchkey login.\n',
      })
    }
  })

  /** Tokens of this service live a second, so that soon every fetch needs the service. */
  it('a service that ended the sign-in is 4, one that does not answer is 75', async () => {
    await world.signIn('brief')
    expect((await shell.ask('benchkey token brief')).code).toBe(0)
    world.brief.revokeEverything()
    await expect.poll(async () => (await shell.ask('benchkey token brief')).code).toBe(4)
    expect((await shell.ask('benchkey token brief')).stderr).toMatch(
      /^benchkey: Brief API stopped accepting your sign-in on .* Usual causes: .*\n {2}Sign in again at https:\/\/.*\/sign-in\/brief; your code stays as it is\.\n$/,
    )
    await world.signIn('brief')
    expect((await shell.ask('benchkey token brief')).code).toBe(0)
    await world.brief.close()
    await expect.poll(async () => (await shell.ask('benchkey token brief')).code, { timeout: 25_000 }).toBe(75)
    expect((await shell.ask('benchkey token brief')).stderr).toMatch(/^benchkey: 127\.0\.0\.1:\d+ has not answered since .*\n/)
  })
})
