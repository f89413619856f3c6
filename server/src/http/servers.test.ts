import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { adaIsLoggedIn, type Doors, type ExpectedCalls, openDoors } from '../../testing/doors.ts'

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}): Promise<Doors> {
  doors = await openDoors(expected)
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const TOKEN_CALL = {
  method: 'POST',
  path: '/oauth_token',
  headers: { 'x-rs-session-server-rpc-cookie': 'user-id=ada|Wed|c2ln' },
  body: '{"kwparams":{"uuid":"4c1cfecb-1927-4f19-bc2f-d8ac261364e0"}}',
}

describe('closing', () => {
  test('lets a request that runs finish and closes its connection, and refuses new ones', async () => {
    const asked = Promise.withResolvers<void>()
    const token = Promise.withResolvers<string>()
    const { send, beginClose, port } = await open({
      tokens: {
        fetch: () => {
          asked.resolve()
          return token.promise
        },
      },
    })
    const reply = send({ ...TOKEN_CALL, headers: { ...TOKEN_CALL.headers, connection: 'keep-alive' } })
    await asked.promise
    const closed = beginClose(60_000)
    await expect(send({ path: '/login' })).rejects.toThrow(/ECONNREFUSED/)
    token.resolve('{}')
    expect(await reply).toMatchObject({ status: 200, headers: { connection: 'close' } })
    await closed
    expect(port).toBeGreaterThan(0)
  })

  test('cuts a request that does not finish in time', async () => {
    const asked = Promise.withResolvers<void>()
    const { send, beginClose } = await open({
      tokens: {
        fetch: () => {
          asked.resolve()
          return new Promise(() => undefined)
        },
      },
    })
    const reply = send(TOKEN_CALL).catch((error: Error) => error.message)
    await asked.promise
    await beginClose(20)
    expect(await reply).toMatch(/socket hang up|ECONNRESET/)
  })

  test('ends connections that wait for a next request, and event streams', async () => {
    const { exchange, sendFromPage, beginClose } = await open({
      logins: adaIsLoggedIn,
      changes: { subscribe: () => () => undefined },
    })
    const waiting = exchange('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await sendFromPage({ path: '/api/me' })
    const events = sendFromPage({ path: '/api/events' })
    await sendFromPage({ path: '/api/me' })
    await beginClose(60_000)
    expect(await waiting).toMatch(/^HTTP\/1\.1 200 OK/)
    expect((await events).status).toBe(200)
  })
})

describe('listening', () => {
  test('says in one sentence when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { servers, beginClose } = await open()
    await beginClose(0)
    await expect(servers.listen('127.0.0.1', port)).rejects.toThrow(
      `Benchkey cannot listen on 127.0.0.1 port ${port}: another program uses it. Stop that one, or set another www-port.`,
    )
    other.close()
  })
})
