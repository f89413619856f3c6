import { describe, expect, test } from 'vitest'
import { readTarget } from './target.ts'

const ID = '11111111-1111-4111-8111-111111111111'

describe('a request target', () => {
  test('names a session by its first raw segment, and the rest stays byte for byte', () => {
    const rests = ['/', '/a%2Fb?x=/../..', '/a//b', '/%e4%20;p=1?', '/....', '/a..b', '/?q=%2e%2e/', '/.well-known/x']
    for (const rest of rests) expect(readTarget(`/s/${ID}${rest}`)).toEqual({ kind: 'session', sessionId: ID, rest })
  })

  test('without the slash behind the session says so, with its query', () => {
    expect(readTarget(`/s/${ID}`)).toEqual({ kind: 'slash_missing', sessionId: ID, query: '' })
    expect(readTarget(`/s/${ID}?a=1`)).toEqual({ kind: 'slash_missing', sessionId: ID, query: '?a=1' })
  })

  test.each([
    ['/..'],
    ['/../22222222-2222-4222-8222-222222222222/'],
    ['/a/../../x'],
    ['/%2e%2e/x'],
    ['/%2E./x'],
    ['/.%2e'],
    ['/a/./b'],
    ['/..%2f..%2fx'],
    ['/a%5c..%5cx'],
    ['/..%5Cx'],
    ['//evil.example/'],
    ['/a\\..\\x'],
    ['/\\evil.example'],
    ['/a#b'],
    ['/a b'],
    ['/a\tb'],
    ['/\u00e9'],
  ])('that leads out of its session is refused: %s', (rest) => {
    expect(readTarget(`/s/${ID}${rest}`)).toMatchObject({ kind: 'refused' })
  })

  test.each([[`http://localhost/s/${ID}/`], ['*'], [''], [`s/${ID}/`], ['localhost:444']])(
    'that is no path is refused: %s',
    (target) => {
      expect(readTarget(target)).toMatchObject({ kind: 'refused' })
    },
  )

  test.each([
    [`//s/${ID}/`],
    [`/s//${ID}/`],
    [`/S/${ID}/`],
    [`/s/${ID.toUpperCase().replace(/1/g, 'A')}/`],
    [`/s/%31${ID.slice(1)}/`],
    [`/s/${ID}x/`],
    ['/s/'],
    ['/s'],
    ['/x'],
    [`/enter/`],
  ])('of no session is unknown: %s', (target) => {
    expect(readTarget(target)).toEqual({ kind: 'unknown' })
  })
})
