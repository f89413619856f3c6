import { describe, expect, test } from 'vitest'
import { callbackAddress, endpointUrl, issuerUrl, publicUrl, sessionsUrl } from './urls.ts'

const strict = { configDir: '/etc/benchkey', allowsLoopback: false }
const loose = { ...strict, allowsLoopback: true }
const isAccepted = (parsed: object) => 'value' in parsed

describe('an endpoint URL', () => {
  test.each([
    'https://account.box.com/api/oauth2/authorize',
    'https://as.example',
    'HTTPS://AS.example:8443/a?tenant=x&y=%20z',
    'https://as.example/a?response_type=code',
    'https://münchen.example/öffnen',
    'https://10.0.0.5/token',
    'https://[2001:db8::1]:8443/token',
    'https://login.localhost.example/',
    'https://8.8.8.8/',
  ])('%s is kept as written', (text) => {
    expect(endpointUrl(text, strict)).toEqual({ value: text })
  })

  test.each([
    'http://as.example/token',
    'http://10.0.0.5/token',
    'ftp://as.example/',
    'javascript:alert(1)',
    '//as.example/token',
    'https:as.example',
    'https:/as.example',
    'https:///as.example',
    'https:\\\\as.example',
    'https://as.example\\@evil.example/',
    'https://as.example/#',
    'https://as.example/#f',
    'https://user@as.example/',
    'https://@as.example/',
    'https://user:p%40ss@as.example?x',
    'https://as.example/a b',
    'https://as.example/"quoted"',
    '"https://as.example/"',
    'https://{tenant}.example/',
    'https://as.example:0x50/',
    'https://as.example:70000/',
    'https://[2001:db8::/',
    'https://256.1.1.1/',
    'https://as.example/?state=1',
    'https://as.example/?a=1&a=2',
    'https://as.example/?response_type=token',
    'https://as.example/?code_challenge_method=plain',
    'https://as.example/?STATE=1',
    'https://as.example/?Redirect_URI=https://evil.example/',
    'https://as.example/?redirect.uri=https://evil.example/',
    'https://as.example/?%20state[]=1',
    'https://as.example/?request_uri=https://evil.example/',
  ])('%s is refused in both modes', (text) => {
    expect(isAccepted(endpointUrl(text, strict))).toBe(false)
    expect(isAccepted(endpointUrl(text, loose))).toBe(false)
  })

  test.each([
    'https://localhost/token',
    'http://localhost:3000/token',
    'http://LOCALHOST./token',
    'http://demo.localhost:3000/',
    'http://127.0.0.1:3000/token',
    'http://127.9.9.9/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]:3000/token',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
  ])('%s is accepted under insecure-loopback-providers=1 only', (text) => {
    expect(isAccepted(endpointUrl(text, strict))).toBe(false)
    expect(endpointUrl(text, loose)).toEqual({ value: text })
  })

  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xa9.0xfe.0xa9.0xfe',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    '[::]',
    '[fe80::1]',
    '[febf::1]',
    '[ff02::1]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b:1::169.254.169.254]',
    '[::ffff:0.0.0.0]',
    '[64:ff9b::e000:1]',
    '169.254.169.254.',
  ])('at %s is refused in both modes', (host) => {
    for (const context of [strict, loose]) {
      expect(endpointUrl(`https://${host}/token`, context)).toHaveProperty('problem', expect.stringMatching(/no provider has/))
    }
  })
})

describe('an issuer', () => {
  test('is kept exactly and has no query', () => {
    expect(issuerUrl('https://as.example/tenant/', strict)).toEqual({ value: 'https://as.example/tenant/' })
    for (const text of ['https://as.example?', 'https://as.example/?x=1', 'https://as.example/#', 'http://as.example']) {
      expect(isAccepted(issuerUrl(text, strict))).toBe(false)
    }
  })
})

describe('the public URL', () => {
  test.each([
    ['https://bench.example', 'https://bench.example'],
    ['https://bench.example/', 'https://bench.example'],
    ['https://Bench.Example:443/', 'https://bench.example'],
    ['https://bench.example:8443/workbench///', 'https://bench.example:8443/workbench'],
    ['https://localhost:8443', 'https://localhost:8443'],
    ['https://[::1]:8443/', 'https://[::1]:8443'],
  ])('%s reads as %s', (text, value) => {
    expect(publicUrl(text)).toEqual({ value })
  })

  test.each([
    'http://localhost',
    'bench.example',
    'https://bench.example?',
    'https://bench.example#',
    'https://u@bench.example',
    'https://b:0/',
  ])('%s is refused', (text) => {
    expect(isAccepted(publicUrl(text))).toBe(false)
  })
})

describe('the callback address', () => {
  test('is https anywhere and http on loopback', () => {
    expect(callbackAddress('https://inner.example/base/')).toEqual({ value: 'https://inner.example/base' })
    expect(callbackAddress('http://127.0.0.1:8080/')).toEqual({ value: 'http://127.0.0.1:8080' })
    expect(callbackAddress('http://[::1]:8080')).toEqual({ value: 'http://[::1]:8080' })
    for (const text of ['http://10.0.0.1', 'http://inner.example', 'ftp://127.0.0.1'])
      expect(isAccepted(callbackAddress(text))).toBe(false)
  })
})

describe('the address of session pages', () => {
  test.each([
    ['https://sessions.example', 'https://sessions.example'],
    ['https://Sessions.example:8444/', 'https://sessions.example:8444'],
    ['https://sessions.example:443', 'https://sessions.example'],
    ['https://{id}.sessions.example:8444', 'https://{id}.sessions.example:8444'],
    ['none', 'none'],
  ])('%s is an origin, or none', (text, value) => {
    expect(sessionsUrl(text)).toEqual({ value })
  })

  test.each([
    'https://x.{id}.example',
    'https://{id}',
    'https://{id}x.example',
    'https://{id}.{id}.example',
    'https://x.example/{id}',
    '{id}',
  ])('%s is refused', (text) => {
    expect(isAccepted(sessionsUrl(text))).toBe(false)
  })
})
