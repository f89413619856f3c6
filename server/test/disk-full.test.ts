import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grant, grantHeld, newGate } from '../testing/behaviours.ts'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import { runAdmin, send } from '../testing/start-server.ts'

/** Only root may mount a small disk; elsewhere the limit of the process's file size takes its place (EFBIG for ENOSPC). */
const mayMount = process.getuid?.() === 0
const SIZE_KIB = 8192

/** Fault F21 of refresh.md, at a disk that is really full. */
describe('a full disk', () => {
  const disk = mkdtempSync(join(tmpdir(), 'benchkey-disk-'))
  const ballast = join(disk, 'ballast')
  let bench: FaultBench

  beforeAll(async () => {
    if (mayMount) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_KIB}k,mode=700`, 'benchkey-test', disk])
    chmodSync(disk, 0o700)
    bench = await FaultBench.prepare(
      ({ authorizationUrl, tokenUrl }) => `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = ${authorizationUrl}
token-url = ${tokenUrl}
scopes = read
`,
      { rotation: 'strict-family', dataDir: disk },
    )
    await bench.start()
    await bench.signIn('lab')
  })

  afterAll(async () => {
    await bench.close()
    if (mayMount) execFileSync('umount', [disk])
    rmSync(disk, { recursive: true, force: true })
  })

  it('no refresh starts, a token that lives is served, health tells, and the process lives', async () => {
    bench.age('lab', 240_000)
    const { access_token: token } = replyOf(await freshly())
    bench.age('lab', 240_000)
    const before = bench.provider.connections
    fill()
    for (let n = 0; n < 3; n += 1) {
      const answer = replyOf(await bench.fetch('lab'))
      expect(answer).toMatchObject({ status: 200, access_token: token, warning: expect.stringContaining('Benchkey itself') })
    }
    expect(bench.provider.connections).toBe(before)
    expect((await send(bench.files, '/health/ready')).status).toBe(503)
    expect((await send(bench.files, '/health/live')).status).toBe(200)
    empty()
    expect(replyOf(await bench.fetch('lab')).warning).toBeUndefined()
    // Lines of the audit that waited are written once a second.
    await expect.poll(async () => (await send(bench.files, '/health/ready')).status).toBe(200)
  })

  it('that fills up while the service answers: the pair waits in memory and is saved when there is room', async () => {
    bench.age('lab', 240_000)
    const gate = newGate()
    bench.provider.next(grantHeld(gate))
    const waiting = bench.fetch('lab')
    await bench.provider.received(bench.provider.requests.length + 1)
    fill()
    gate.open()
    await expect.poll(() => bench.log()).toContain('could not be saved yet')
    const generation = Number(bench.row('lab')?.generation)
    empty()
    // Its caller waits 5 s at the most, then gets the token that still lives.
    expect(replyOf(await waiting).access_token).toBeDefined()
    await expect.poll(() => bench.row('lab')?.generation).toBe(generation + 1)
    expect(replyOf(await bench.fetch('lab')).warning).toBeUndefined()
    expect(bench.provider.ledger.duplicates).toBe(0)
  })

  it('at the start of a sign-in and at a sign-out is told in one sentence, and so by health, and both pass by themselves', async () => {
    const browser = await bench.browser()
    fill()
    const refused = await browser.ask(`/api/integrations/${bench.uid('lab')}/sign-in`, { returnTo: 'settings' })
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      503,
      {
        error: {
          code: 'database_unavailable',
          message: "Benchkey's database cannot be written at the moment. Nothing has changed; try again in a minute.",
          retryAfterSeconds: 60,
        },
      },
    ])
    const kept = await browser.ask(`/api/integrations/${bench.uid('lab')}/sign-out`, {})
    expect([kept.status, JSON.parse(kept.body)]).toEqual([503, JSON.parse(refused.body)])
    expect(bench.row('lab')).toBeDefined()
    const { code, stdout } = await runAdmin(bench.files, ['health'])
    expect(code).toBe(1)
    expect(stdout).toContain('✗ The database cannot be written: ')
    empty()
    await bench.signIn('lab')
    await expect.poll(async () => (await runAdmin(bench.files, ['health'])).code).toBe(0)
  })

  it('when the browser comes back uses nothing up: the same address leads to the sign-in when there is room', async () => {
    const browser = await bench.browser()
    const address = await callbackAddress()
    const before = bench.provider.requests.length
    const id = bench.row('lab')?.id
    fill()
    const page = await browser.visit(address)
    expect(page.status).toBe(503)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.body).toContain('Benchkey cannot finish your sign-in yet')
    expect(bench.provider.requests).toHaveLength(before)
    empty()
    expect((await browser.visit(address)).status).toBe(303)
    expect(bench.row('lab')?.id).not.toBe(id)
    expect((await browser.visit(address)).status).toBe(400)
  })

  it('that fills up after the code was sent: the sign-in waits in memory and is stored when there is room', async () => {
    const browser = await bench.browser()
    const address = await callbackAddress()
    const gate = newGate()
    bench.provider.next(grantHeld(gate))
    const waiting = browser.visit(address)
    await bench.provider.received(bench.provider.requests.length + 1)
    const id = bench.row('lab')?.id
    fill()
    gate.open()
    await expect.poll(() => bench.log()).toContain('A sign-in could not be stored yet')
    expect(bench.row('lab')?.id).toBe(id)
    empty()
    expect((await waiting).status).toBe(303)
    expect(bench.row('lab')?.id).not.toBe(id)
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
  })

  it('ends no server: it is ended and started as usual afterwards', async () => {
    fill()
    const { code, stdout } = await runAdmin(bench.files, ['reload'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('other servers of it were not asked to reload')])
    empty()
    expect(await bench.end()).toBe(0)
    bench.provider.always(grant())
    await bench.start()
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
  })

  it.runIf(mayMount)('from the start on: no request is sent without room for its answer, and health tells', async () => {
    bench.age('lab', 240_000)
    expect(await bench.end()).toBe(0)
    fillBut(900)
    await bench.start()
    const before = bench.provider.connections
    expect(replyOf(await bench.fetch('lab')).warning).toContain('Benchkey itself')
    expect(bench.provider.connections).toBe(before)
    const { code, stdout } = await runAdmin(bench.files, ['health'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ Results of token requests could not be kept: the journal .* has no room \(ENOSPC\)\./)
    empty()
    expect(replyOf(await bench.fetch('lab')).warning).toBeUndefined()
    expect(bench.provider.connections).toBe(before + 1)
  })

  /** Where the service sends the browser back to after a sign-in was started. */
  async function callbackAddress(): Promise<string> {
    const asked = new URL(await (await bench.browser()).start(bench.uid('lab'))).searchParams
    return `${asked.get('redirect_uri')}?${new URLSearchParams({ code: 'any', state: asked.get('state') ?? '' })}`
  }

  async function freshly() {
    bench.age('lab', -1000)
    return await bench.fetch('lab')
  }

  /** Leaves so many KiB free: less than a journal takes, enough for the database. */
  function fillBut(freeKib: number): void {
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - freeKib * 1024, 1), { mode: 0o600 })
  }

  /** Leaves not a block free. */
  function fill(): void {
    if (!mayMount) {
      execFileSync('prlimit', ['--pid', String(bench.pid), '--fsize=1:'])
      return
    }
    const file = openSync(ballast, 'a', 0o600)
    try {
      for (let size = 64 * 1024; size >= 512; size /= 2) writeUntilFull(file, size)
    } finally {
      closeSync(file)
    }
  }

  function empty(): void {
    if (mayMount) rmSync(ballast)
    else execFileSync('prlimit', ['--pid', String(bench.pid), '--fsize=unlimited:'])
  }
})

function writeUntilFull(file: number, size: number): void {
  const block = Buffer.alloc(size, 1)
  for (;;) {
    try {
      writeSync(file, block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
}
