import { describe, expect, test } from 'vitest'
import { readCookie, setCookie } from './cookies.ts'

describe('a cookie', () => {
  test.each([
    ['a=1', '1'],
    ['b=2; a=1; c=3', '1'],
    ['a=x=y', 'x=y'],
    [' a = 1 ', '1'],
    ['a=1; a=1', undefined],
    ['a=1; b=2; a=2', undefined],
    ['a=', undefined],
    ['a', undefined],
    ['A=1', undefined],
    ['aa=1', undefined],
    ['a="1"', undefined],
    ['a=1 2', undefined],
    ['a=1,2', undefined],
    ['a=\u00e9', undefined],
    ['a=1\\2', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of "%s" is %s', (header, value) => expect(readCookie(header, 'a')).toBe(value))

  test('is set for this host, over https, out of reach of script', () => {
    expect(setCookie('a', 'b')).toBe('a=b; Path=/; Secure; HttpOnly; SameSite=Lax')
    expect(setCookie('a', '', 0)).toBe('a=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0')
  })
})
