import { describe, expect, test } from 'vitest'
import { addressRanges, listenAddress } from './addresses.ts'
import { guid, guidOfSection } from './guid.ts'
import { OAUTH_CLIENT_OPTIONS as OPTIONS } from './oauth-clients-options.ts'
import { flag, inWords, path, wholeNumber } from './values.ts'

const context = { configDir: '/etc/benchkey', allowsLoopback: false }

describe('values', () => {
  test('scopes are separated by commas and white space and lose their duplicates', () => {
    expect(OPTIONS.scopes.parse('read,write', context)).toEqual({ value: ['read', 'write'] })
    expect(OPTIONS.scopes.parse('openid profile', context)).toEqual({ value: ['openid', 'profile'] })
    expect(OPTIONS.scopes.parse(', b ,\ta,b,, https://x.example/auth/a.b ', context)).toEqual({
      value: ['b', 'a', 'https://x.example/auth/a.b'],
    })
  })

  test('refresh-reuse knows three ways', () => {
    expect(OPTIONS['refresh-reuse'].parse('unknown', context)).toEqual({ value: { kind: 'unknown' } })
    expect(OPTIONS['refresh-reuse'].parse('strict', context)).toEqual({ value: { kind: 'strict' } })
    expect(OPTIONS['refresh-reuse'].parse('grace:60', context)).toEqual({ value: { kind: 'grace', seconds: 60 } })
    for (const text of ['grace', 'grace:', 'grace:-1', 'grace:1.5', 'grace:99999999', 'STRICT']) {
      expect(OPTIONS['refresh-reuse'].parse(text, context)).toHaveProperty('problem')
    }
  })

  test('authorization-params is a decoded query string in order', () => {
    expect(
      OPTIONS['authorization-params'].parse('access_type=offline&prompt=select+account%20consent&x=&y=a=b&ü=%C3%BC', context),
    ).toEqual({
      value: [
        ['access_type', 'offline'],
        ['prompt', 'select account consent'],
        ['x', ''],
        ['y', 'a=b'],
        ['ü', 'ü'],
      ],
    })
  })

  test.each([
    'state',
    'redirect_uri',
    'client_id',
    'client_secret',
    'response_type',
    'grant_type',
    'code',
    'code_challenge',
    'code_challenge_method',
    'code_challenge_x',
    'code_verifier',
    'refresh_token',
    '%73tate',
  ])('authorization-params may not name %s', (name) => {
    expect(OPTIONS['authorization-params'].parse(`a=1&${name}=x`, context)).toHaveProperty('problem')
  })

  test('flags and numbers are exact', () => {
    expect([flag('1'), flag('0')]).toEqual([{ value: true }, { value: false }])
    for (const text of ['true', 'yes', '01', ' 1']) expect(flag(text)).toHaveProperty('problem')
    const port = wholeNumber('port', 0, 65_535)
    expect(port('08443')).toEqual({ value: 8443 })
    for (const text of ['-1', '1e3', '0x1', '1.0', '65536', '9'.repeat(400)]) expect(port(text)).toHaveProperty('problem')
  })

  test('paths start at the configuration directory', () => {
    expect(path('tls/a.pem', context)).toEqual({ value: '/etc/benchkey/tls/a.pem' })
    expect(path('/srv/a.pem', context)).toEqual({ value: '/srv/a.pem' })
  })

  test('address ranges are IPv4 and IPv6, alone and as CIDR', () => {
    expect(addressRanges('10.0.0.5, 10.0.0.0/8\t2001:db8::/32,::1,10.0.0.5')).toEqual({
      value: ['10.0.0.5', '10.0.0.0/8', '2001:db8::/32', '::1'],
    })
    for (const text of [
      '10.0.0.0/33',
      '::/129',
      '10.0.0/8',
      '10.0.0.1/',
      '10.0.0.1/8/8',
      'fe80::1%eth0',
      '*',
      'proxy.example',
      '10.0.0.1/08',
    ]) {
      expect(addressRanges(text)).toHaveProperty('problem')
    }
    expect([listenAddress('::'), listenAddress('localhost')]).toEqual([{ value: '::' }, { value: 'localhost' }])
  })

  test('choices are told in words', () => {
    expect([inWords(['a']), inWords(['a', 'b']), inWords(['a', 'b', 'c'])]).toEqual(['a', 'a or b', 'a, b or c'])
  })
})

describe('Integration ID', () => {
  test('of a section is the UUIDv5 that every other implementation computes', () => {
    expect(guidOfSection('box-integration')).toBe('4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1')
    expect(guidOfSection('ü.😀')).toBe('a4287de0-697a-552d-8f1d-12c85123ff73')
  })

  test('as written is hexadecimal 8-4-4-4-12 and becomes lower case', () => {
    expect(guid('5B1F2A34-6C7D-4E8F-9A0B-1C2D3E4F5A6B')).toEqual({ value: '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b' })
    for (const text of [
      '',
      '5b1f2a346c7d4e8f9a0b1c2d3e4f5a6b',
      '{5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b}',
      '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6g',
    ]) {
      expect(guid(text)).toHaveProperty('problem')
    }
  })
})
