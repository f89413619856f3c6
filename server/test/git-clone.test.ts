import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeCertificates } from '../testing/certificates.ts'
import type { Finished } from '../testing/command-line.ts'
import { type GitServer, startGitServer } from '../testing/git-server.ts'
import { openShell, type SessionShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { runAdmin, writeOauthClients } from '../testing/start-server.ts'

let world: SessionWorld
let server: GitServer
let shell: SessionShell
let home: string
let bare: string

/** Tokens that the Git service lets nobody in with any more, though they have not ended. */
const revoked = new Set<string>()

/** The Git service has its own private authority, and takes what the authorization server says is good. */
beforeAll(async () => {
  world = await startSessionWorld()
  const root = join(world.files.dir, 'git')
  home = join(world.files.dir, 'home')
  for (const folder of [root, home]) mkdirSync(folder)
  const leaf = await makeCertificates(join(world.files.dir, 'git-certificates'))
  const accepts = async (password: string): Promise<boolean> =>
    !revoked.has(password) && (await fetch(world.provider.resourceUrl, { headers: { authorization: `Bearer ${password}` } })).ok
  server = await startGitServer({ leaf, root, accepts })
  bare = join(root, 'project.git')
  makeRepository()
  const clients = readFileSync(join(world.files.configDir, 'oauth-clients.conf'), 'utf8')
  writeOauthClients(world.files, clients.replace('[demo]\n', `[demo]\ngit-hosts = ${server.host}\n`))
  expect(await runAdmin(world.files, ['reload'])).toMatchObject({ code: 0 })
  const variables = { HOME: home, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' }
  shell = openShell(world.files, { environment: variables, cwd: home })
  await shell.ask(`git config --global http.sslCAInfo '${leaf.caFile}'; git config --global credential.helper store`)
})

afterAll(async () => {
  await shell.exit()
  await server.close()
  expect(await world.close()).toBe(0)
})

function git(...words: readonly string[]): void {
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com']
  execFileSync('git', [...author, ...words], { env: { PATH: process.env.PATH, HOME: home }, stdio: 'pipe' })
}

function makeRepository(): void {
  const work = join(home, 'work')
  git('init', '-q', '-b', 'main', work)
  commit('first')
  git('clone', '-q', '--bare', work, bare)
}

function commit(text: string): void {
  const work = join(home, 'work')
  writeFileSync(join(work, 'notes'), `${text}\n`)
  git('-C', work, 'add', 'notes')
  git('-C', work, 'commit', '-q', '-m', text)
}

const tokenNow = async (): Promise<string> => (await shell.ask('benchkey token demo')).stdout.trim()
const cloned = (): string => readFileSync(join(home, 'project/notes'), 'utf8')

it('benchkey git-credential --setup makes Git ask Benchkey for that host', async () => {
  expect(await shell.ask('eval "$(benchkey git-credential --setup)"')).toMatchObject({ code: 0, stdout: '' })
  const key = `credential.https://${server.host}.helper`
  const { stdout } = await shell.ask(`eval "$(benchkey git-credential --setup)"; git config --global --get-all '${key}'`)
  expect(stdout).toBe('\n!benchkey git-credential\n')
})

it('git clones over https with the token', async () => {
  const { code, stderr } = await shell.ask(`git clone -q 'https://${server.host}/project.git'`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(cloned()).toBe('first\n')
  const token = await tokenNow()
  expect(new Set(server.logins.map((login) => `${login.userName} ${login.password}`))).toEqual(new Set([`oauth2 ${token}`]))
})

it('no other helper of Git was given the token to keep', () => {
  expect(existsSync(join(home, '.git-credentials'))).toBe(false)
  expect(readFileSync(join(home, 'project/.git/config'), 'utf8')).not.toContain('oauth2')
})

it('a token that the Git service refuses is renewed, and the next git command works with the new one', async () => {
  const before = await tokenNow()
  commit('second')
  git('-C', join(home, 'work'), 'push', '-q', bare, 'main')
  revoked.add(before)
  const pull = (): Promise<Finished> => shell.ask('git -C project pull -q --ff-only')
  const refused = await pull()
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toMatch(/^benchkey: .*Demo API.*\n {2}Run the Git command again\.\n/m)
  expect(await pull()).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(cloned()).toBe('second\n')
  const after = await tokenNow()
  expect(after).not.toBe(before)
  expect(server.logins.at(-1)).toEqual({ userName: 'oauth2', password: after })
})
