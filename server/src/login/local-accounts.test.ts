import { scryptSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { processorMsOf } from '../../testing/processor-time.ts'
import { LocalAccounts, passwordProblem, userNameProblem } from './local-accounts.ts'

const quick = new LocalAccounts({ log2N: 4, r: 8, p: 1 })

describe('password hash', () => {
  test('opens with its own password only', async () => {
    const stored = await quick.hash('correct horse')
    expect(await quick.verify('correct horse', stored)).toBe(true)
    expect(await quick.verify('correct hors', stored)).toBe(false)
    expect(await quick.verify('', stored)).toBe(false)
  })

  test('is scrypt with the parameters it names (RFC 7914)', async () => {
    const [name, parameters, salt = '', key] = (await quick.hash('correct horse')).split('$')
    expect([name, parameters]).toEqual(['scrypt', 'ln=4,r=8,p=1'])
    const expected = scryptSync('correct horse', Buffer.from(salt, 'base64url'), 32, { N: 16, r: 8, p: 1 })
    expect(key).toBe(expected.toString('base64url'))
  })

  test('differs for the same password', async () => {
    expect(await quick.hash('correct horse')).not.toBe(await quick.hash('correct horse'))
  })

  test('made with other parameters still opens', async () => {
    const stored = await new LocalAccounts({ log2N: 5, r: 4, p: 2 }).hash('correct horse')
    expect(await quick.verify('correct horse', stored)).toBe(true)
  })

  test('uses N=2^17, r=8, p=1 unless told otherwise', async () => {
    const stored = await new LocalAccounts().hash('correct horse')
    expect(stored.startsWith('scrypt$ln=17,r=8,p=1$')).toBe(true)
    expect(await quick.verify('correct horse', stored)).toBe(true)
  })

  test('opens with the same text in another Unicode form', async () => {
    const stored = await quick.hash('cafe\u0301 au lait')
    expect(await quick.verify('caf\u00e9 au lait', stored)).toBe(true)
  })

  test('of nobody takes as long as a real one and never opens', async () => {
    const slow = new LocalAccounts({ log2N: 14, r: 8, p: 1 })
    const stored = await slow.hash('correct horse')
    const real = await processorMsOf(() => slow.verify('wrong horse', stored))
    const nobody = await processorMsOf(() => slow.verify('wrong horse', undefined))
    expect(nobody).toBeGreaterThan(real / 4)
    expect(await slow.verify('wrong horse', undefined)).toBe(false)
  })

  test.each(['', 'plain', `scrypt$ln=31,r=8,p=1$AAAA$${'A'.repeat(43)}`, 'scrypt$ln=17,r=8,p=1$AAAA$short'])(
    'that is damaged (%s) is refused, not opened',
    async (stored) => {
      await expect(quick.verify('correct horse', stored)).rejects.toThrow('damaged')
    },
  )

  test('is not computed for a password of more than 1024 bytes', async () => {
    const stored = await quick.hash('x'.repeat(1025))
    expect(await quick.verify('x'.repeat(1025), stored)).toBe(false)
  })
})

describe('rules', () => {
  test.each(['demo', 'ann@example.com', 'A.b_c-9', 'x'.repeat(64)])('accept the user name %s', (name) => {
    expect(userNameProblem(name)).toBeUndefined()
  })

  test.each(['', '-ann', 'x'.repeat(65), 'ann lee', 'ann|x', 'änn', 'ann\n', '../ann'])('refuse the user name %j', (name) => {
    expect(userNameProblem(name)).toMatch(/^A user name has/)
  })

  test('ask for 8 characters and at most 1024 bytes in a password', () => {
    expect(passwordProblem('1234567')).toBe('A password has at least 8 characters.')
    expect(passwordProblem('12345678')).toBeUndefined()
    expect(passwordProblem('x'.repeat(1024))).toBeUndefined()
    expect(passwordProblem('é'.repeat(513))).toBe('A password has at most 1024 bytes.')
  })
})
