import { chmodSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookAtDoor } from './application-door.ts'

const { username: name, uid, gid, homedir: home } = userInfo()
const OWN = { name, uid, gid, home, shell: '/bin/sh' }
const OTHER = { ...OWN, uid: uid + 1 }

let directory: string
let socket: string
let server: Server
let status: number
let seen: string[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-door-'))
  socket = join(directory, 'app.sock')
  ;[status, seen] = [200, []]
  server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers['x-secret'] ?? ''}`)
    response.writeHead(status).end()
  })
})

afterEach(async () => {
  await new Promise((done) => server.close(done))
  rmSync(directory, { recursive: true })
})

const listen = (where: number) => new Promise<void>((done) => server.listen(where, '127.0.0.1', done))
const listenOnSocket = (path: string) => new Promise<void>((done) => server.listen(path, done))

test('a socket is closed, then not opened to the group, then open, and silent while the program cannot answer', async () => {
  const look = () => lookAtDoor({ directory, path: '/ready' }, OWN)
  expect(await look()).toBe('closed')
  await listenOnSocket(socket)
  chmodSync(socket, 0o600)
  expect(await look()).toBe('unopened')
  chmodSync(socket, 0o660)
  expect(await look()).toBe('open')
  status = 503
  expect(await look()).toBe('silent')
  expect(seen).toEqual(['/ready ', '/ready '])
})

test('a socket of somebody else, or a link to one, is asked nothing', async () => {
  await listenOnSocket(socket)
  chmodSync(socket, 0o660)
  expect(await lookAtDoor({ directory, path: '/' }, OTHER)).toBe('foreign')
  const elsewhere = mkdtempSync(join(tmpdir(), 'benchkey-door-'))
  symlinkSync(socket, join(elsewhere, 'app.sock'))
  await expect(lookAtDoor({ directory: elsewhere, path: '/' }, OWN)).resolves.toBe('foreign')
  unlinkSync(join(elsewhere, 'app.sock'))
  rmSync(elsewhere, { recursive: true })
  expect(seen).toEqual([])
})

test('a port is asked with its secret, and only where its own account listens', async () => {
  await listen(0)
  const { port } = server.address() as AddressInfo
  const door = { directory, port, path: '/', secretHeader: { name: 'x-secret', value: 's3' } }
  expect(await lookAtDoor(door, OTHER)).toBe('foreign')
  expect(seen).toEqual([])
  expect(await lookAtDoor(door, OWN)).toBe('open')
  expect(seen).toEqual(['/ s3'])
})
