import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enterSession } from '../testing/enter-session.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  send,
  startInProcess,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const APPLICATION = resolve(import.meta.dirname, '../testing/hostile-application.mjs')

let files: ServerFiles
let server: ServerInProcess
let home: string
let cookie: string

beforeAll(async () => {
  files = await prepareServer({ serverLines: ['shared-origin=1'] })
  const section = `[hostile]\nname=Hostile\nprogram=${process.execPath}\ncommand={program} ${APPLICATION} {socket}\n`
  writeFileSync(join(files.configDir, 'sessions.conf'), section, { mode: 0o600 })
  server = await startInProcess(files)
  await runAdmin(files, ['user', 'add', 'ada', '--password-stdin'], `${PASSWORD}\n`)
  const ada = new PlainBrowser(files)
  await ada.logIn('ada', PASSWORD)
  const started = await ada.ask('/api/sessions', { application: 'hostile', name: 'analysis' })
  const { id } = JSON.parse(started.body) as { id: string }
  home = `/s/${id}/`
  const entered = await enterSession(files, ada, id)
  expect(entered.origin).toBe(files.publicUrl)
  expect(entered.reply).toMatchObject({ status: 303, headers: { location: home } })
  cookie = entered.cookie
})
afterAll(async () => {
  await server.close()
  removeFiles(files)
})

describe('under shared-origin=1', () => {
  test('sessions are served below the public URL, by the same rules', async () => {
    const headers = { cookie, accept: 'text/html', 'x-benchkey-client-address': '6.6.6.6' }
    await expect.poll(async () => (await send(files, home, { headers })).status).toBe(200)
    const page = await send(files, home, { headers })
    expect(page.body).toContain('hostile notebook')
    expect(page.headers['set-cookie']).toEqual([`mine=1; Path=${home}`])
    expect(page.headers['clear-site-data']).toBeUndefined()
    const seen = await send(files, `${home}seen`, { headers })
    expect(JSON.parse(seen.body)).toMatchObject({ headers: { 'x-forwarded-for': '127.0.0.1' } })
    expect(seen.body).not.toMatch(/6\.6\.6\.6|benchkey-session/)
    expect(await send(files, home)).toMatchObject({ status: 401 })
    expect(await send(files, `${home}..%2f..%2fapi/me`, { headers })).toMatchObject({ status: 400 })
  })

  test.each([
    ['/admin'],
    ['/admin/integrations'],
    ['/api/admin/users'],
    ['/%61dmin'],
    ['/api/%41dmin/users'],
    ['/api%2Fadmin/users'],
  ])('%s answers 403 with the reason', async (path) => {
    const reply = await send(files, path)
    expect(reply.status).toBe(403)
    expect(reply.body).toBe(
      'The pages for administrators are off: with shared-origin=1 any session could act on them. Set sessions-url instead.',
    )
  })

  test('Benchkey’s own pages still have no service worker', async () => {
    expect(await send(files, '/sw.js', { headers: { 'service-worker': 'script' } })).toMatchObject({ status: 403 })
  })

  test('a WebSocket comes to its session, and to nothing else', async () => {
    const upgrade = (path: string): Promise<string> =>
      new Promise((resolvePromise, reject) => {
        const socket = connect({ host: '127.0.0.1', port: files.port, ca: files.ca, servername: 'localhost' }, () => {
          const host = new URL(files.publicUrl).host
          const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, `Origin: ${files.publicUrl}`, `Cookie: ${cookie}`]
          socket.write(`${[...lines, 'Connection: Upgrade', 'Upgrade: websocket'].join('\r\n')}\r\n\r\n`)
        })
        let text = ''
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        socket.on('close', () => resolvePromise(text))
        socket.on('error', reject)
      })
    // The application knows no WebSocket and answers its page.
    expect(await upgrade(home)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*hostile notebook/)
    expect(await upgrade('/api/events')).toBe('')
  })

  test('the process is reached over a socket that only the server opens', () => {
    const table = readFileSync('/proc/net/unix', 'utf8')
    expect(table).toContain(join(files.dataDir, 'pages.sock.new'))
  })
})
