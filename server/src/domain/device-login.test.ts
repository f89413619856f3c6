import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { hostNameIn, newUserCode, userCodeIn } from './device-login.ts'

it('a code for people has eight consonants, each as likely as any other', () => {
  const counts = new Map<string, number>()
  for (let n = 0; n < 2000; n += 1) {
    const code = newUserCode((size) => randomBytes(size))
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    for (const letter of code.replace('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  expect(counts.size).toBe(20)
  // 800 of each are expected; a remainder of 256 that is not left out would show as a tenth more of the first letters.
  for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(200)
})

it('bytes that would make some letters likelier are left out', () => {
  const bytes = [new Uint8Array(16).fill(250), new Uint8Array(16).fill(239)]
  expect(newUserCode(() => bytes.shift() ?? new Uint8Array(16))).toBe('ZZZZ-ZZZZ')
})

it.each([
  ['WDJB-MJHT', 'WDJB-MJHT'],
  ['wdjbmjht', 'WDJB-MJHT'],
  [' wdjb – mjht\n', 'WDJB-MJHT'],
  ['WDJB-MJH', undefined],
  ['WDJB-MJHTT', undefined],
  ['WDJB-MJH1', undefined],
  ['WDJB_MJHT', undefined],
  ['', undefined],
])('%j is read as the code %s', (typed, code) => {
  expect(userCodeIn(typed)).toBe(code)
})

it.each([
  ['laptop', 'laptop'],
  ['node-17.cluster.example', 'node-17.cluster.example'],
  ['Zoë_3', 'Zoë_3'],
  ['This is your IT: approve, or lose your account!', 'This-is-your-IT-approve-or-lose-your-account-'],
  ['a\u202egnirts\n\u200e<b>', 'a-gnirts-b-'],
  ['x'.repeat(253), 'x'.repeat(63)],
])('what a terminal says of its host, %j, is shown as a name: %s', (said, shown) => {
  expect(hostNameIn(said)).toBe(shown)
})
