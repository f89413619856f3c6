import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { type Finished, type Running, startBenchkey } from '../testing/command-line.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import { fetchToken, openSession, type RawReply, send } from '../testing/start-server.ts'

let world: SessionWorld
let session: AdminSessionOpened

beforeAll(async () => {
  world = await startSessionWorld()
  session = await openSession(world.files, 'demo')
})
afterAll(async () => {
  expect(await world.close()).toBe(0)
})

const call = (path: string, body: unknown = {}): Promise<RawReply> =>
  send(world.files, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': session.cookie },
    body: JSON.stringify(body),
  })

async function answer(path: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const reply = await call(path, body)
  expect(reply.status, reply.body).toBe(200)
  return JSON.parse(reply.body) as Record<string, unknown>
}

async function tokenOf(uid: string): Promise<string> {
  const { access_token } = JSON.parse((await fetchToken(world.files, session.cookie, uid)).body) as { access_token: string }
  return access_token
}

function start(...words: readonly string[]): Running {
  const own = { RS_SESSION_RPC_COOKIE: session.cookie, REQUESTS_CA_BUNDLE: world.files.caFile, TMPDIR: world.files.dir }
  return startBenchkey(words, { ...session.environment, ...own })
}

const benchkey = (...words: readonly string[]): Promise<Finished> => start(...words).finished

async function uidOf(section: string): Promise<string> {
  const { stdout } = await benchkey('integrations', '--json')
  const found = (JSON.parse(stdout) as { name: string; uid: string }[]).find(({ name }) => name === section)
  if (!found) throw new Error(`There is no ${section}.`)
  return found.uid
}

describe('the calls of a session, against a running server', () => {
  it('tell who it is', async () => {
    expect(await answer('/api/v1/session')).toMatchObject({
      user: 'demo',
      session: { id: session.session.id, name: 'test', kind: 'command' },
      server: { url: world.files.publicUrl },
    })
  })

  /** The service knows both tokens: the reported one was good, and so is the one after it. */
  it('a report renews the token that everybody gets from then on', async () => {
    const before = await tokenOf(world.uid)
    const fingerprint = hash('sha256', before, 'hex').slice(0, 16)
    const report = () => answer(`/api/v1/integrations/${world.uid}/report`, { fingerprint })
    expect(await report()).toMatchObject({ outcome: 'renewed' })
    const after = await tokenOf(world.uid)
    expect(after).not.toBe(before)
    const headers = { authorization: `Bearer ${after}` }
    expect((await fetch(world.provider.resourceUrl, { headers })).status).toBe(200)
    expect(await report()).toMatchObject({ outcome: 'newer_token' })
  })

  it('a sign-out ends the tokens for the next call, at the service, and on the page', async () => {
    const token = await tokenOf(world.uid)
    expect(await answer(`/api/v1/integrations/${world.uid}/sign-out`)).toMatchObject({ signed_out: true })
    expect(JSON.parse((await fetchToken(world.files, session.cookie, world.uid)).body)).toMatchObject({ code: 'not_signed_in' })
    expect(await answer(`/api/v1/integrations/${world.uid}/sign-out`)).toEqual({ signed_out: false })
    const browser = new PlainBrowser(world.files)
    await browser.logIn('demo', 'correct horse battery staple')
    expect((await browser.ask('/api/integrations')).body).toContain('"state":"not_signed_in"')
    expect(token).toMatch(/^[\w-]{20,}$/)
    await world.signIn('demo')
  })
})

describe('benchkey sign-in, while a person signs in', () => {
  it('ends with the account, and the token is there', async () => {
    const { child, finished } = start('sign-in', 'Box API Access')
    let words = ''
    child.stderr?.on('data', (text: string) => {
      words += text
    })
    await expect.poll(() => words).toContain(`${world.files.publicUrl}/sign-in/box-integration\n`)
    await world.signIn('box-integration')
    expect(await finished).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/benchkey: Signed in to Box API Access as ada@demo\.example\.\n$/),
    })
    expect((await benchkey('token', 'box-integration')).code).toBe(0)
  })

  it('says that the user did not agree at the service', async () => {
    const uid = await uidOf('brief')
    const { child, finished } = start('sign-in', 'brief')
    let words = ''
    child.stderr?.on('data', (text: string) => {
      words += text
    })
    await expect.poll(() => words).toContain('Waiting for the sign-in')
    const browser = new PlainBrowser(world.files)
    await browser.logIn('demo', 'correct horse battery staple')
    const { searchParams } = new URL(await browser.start(uid))
    const back = new URL(searchParams.get('redirect_uri') ?? '')
    const { issuer } = world.brief
    const refusal = { error: 'access_denied', state: searchParams.get('state') ?? '', iss: issuer }
    back.search = new URLSearchParams(refusal).toString()
    expect((await browser.visit(back.href)).status).toBe(403)
    const { code, stderr } = await finished
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringMatching(
        /\nbenchkey: You did not sign in to Brief API\.\n {2}.* reports that access was not granted; .*\(Reference \S+\.\)\n$/,
      ),
    })
  })
})

describe('benchkey run, with tokens that live a second', () => {
  it('keeps the file fresh for as long as the command runs', async () => {
    await world.signIn('brief')
    const marks = join(world.files.dir, 'run')
    const script = `cat "$FILE" > '${marks}.first'; echo "$FILE" > '${marks}'; while [ ! -e '${marks}.end' ]; do sleep 0.1; done; cat "$FILE"`
    const { finished } = start('run', 'FILE=@brief', '--', 'sh', '-c', script)
    await expect.poll(() => existsSync(marks) && readFileSync(marks, 'utf8')).toMatch(/FILE\n$/)
    const path = readFileSync(marks, 'utf8').trim()
    const first = readFileSync(`${marks}.first`, 'utf8')
    await expect.poll(() => readFileSync(path, 'utf8')).not.toBe(first)
    writeFileSync(`${marks}.end`, '')
    const { code, stdout, stderr } = await finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^[\w-]{20,}$/)
    expect(stdout).not.toBe(first)
    expect(existsSync(path)).toBe(false)
  })
})
