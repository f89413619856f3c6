import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Children } from '../scripts/children.ts'
import { startBare } from './contenders.ts'
import { type Contender, ratio, runRounds } from './rounds.ts'
import { median } from './statistics.ts'
import { writeLoadScript } from './wrk.ts'

const dir = mkdtempSync(join(tmpdir(), 'benchkey-rounds-'))
const children = new Children(5_000)
const script = join(dir, 'load.lua')
const body = JSON.stringify({ access_token: 'x'.repeat(1024) })
const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) }
const effort = { rounds: 1, seconds: 1, warmUpSeconds: 1 }
let bare: Contender

beforeAll(async () => {
  writeLoadScript(script, { path: '/oauth_token', headers: { 'X-Quoted': 'a "b" \\ c' }, body: '{"kwparams":{}}' })
  const first = await startBare(children, dir, { status: 200, headers, body, wireBytes: 0 }, undefined)
  const answer = await fetch(first.url, { method: 'POST' })
  const head = [...answer.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  bare = { ...first, answerBytes: `HTTP/1.1 200 OK\r\n${head}\r\n${await answer.text()}`.length }
})

afterAll(async () => {
  await children.stop()
  rmSync(dir, { recursive: true })
})

describe('rounds of the benchmark', () => {
  test('measure CPU time, latency and throughput of a server under load', async () => {
    const figures = (await runRounds([bare], script, effort, () => undefined)).get(bare.name)
    expect(figures?.cpuUs[0]).toBeGreaterThan(1)
    expect(figures?.cpuUs[0]).toBeLessThan(10_000)
    expect(figures?.p99Us[0]).toBeGreaterThan(0)
    expect(figures?.perSecond[0]).toBeGreaterThan(10)
  })

  test('refuse a contender that answers other bytes than the others', async () => {
    const other = { ...bare, answerBytes: bare.answerBytes + 100 }
    await expect(runRounds([other], script, effort, () => undefined)).rejects.toThrow(/a benchmark of that means nothing/)
  })

  test('refuse a contender that answers errors', async () => {
    const failing = await startBare(children, dir, { status: 500, headers, body, wireBytes: bare.answerBytes }, undefined)
    const other = { ...failing, answerBytes: bare.answerBytes }
    await expect(runRounds([other], script, effort, () => undefined)).rejects.toThrow(/errors/)
  })

  test('compare round by round and take the median', () => {
    expect(ratio([2, 30, 4], [1, 10, 4])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(() => median([])).toThrow(RangeError)
  })
})
