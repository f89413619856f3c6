import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { TrustedProxies } from './trusted-proxies.ts'

/** The two members that are looked at. */
function request(remoteAddress: string, headers: Readonly<Record<string, string>>): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

const PROXIES = new TrustedProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])

describe('the address of a caller', () => {
  test.each([
    ['198.51.100.7', '203.0.113.9', '198.51.100.7'],
    ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.1.2.3', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['10.1.2.3', '6.6.6.6, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['fd00::1', '2001:db8::9', '2001:db8::9'],
    ['127.0.0.1', '[2001:db8::9]:4711', '2001:db8::9'],
    ['127.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['127.0.0.1', '203.0.113.9, unknown', '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ])('connected from %s and forwarded for "%s" is %s', (remote, forwarded, address) => {
    expect(PROXIES.clientAddress(request(remote, { 'x-forwarded-for': forwarded }))).toBe(address)
  })

  test('is that of the connection when nobody is trusted, or nothing is forwarded', () => {
    expect(new TrustedProxies([]).clientAddress(request('127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }))).toBe('127.0.0.1')
    expect(PROXIES.clientAddress(request('127.0.0.1', {}))).toBe('127.0.0.1')
  })
})

describe('the scheme of a caller', () => {
  test.each([
    ['127.0.0.1', 'https', true],
    ['127.0.0.1', 'HTTPS', true],
    ['127.0.0.1', 'http, https', true],
    ['127.0.0.1', 'https, http', false],
    ['127.0.0.1', '', false],
    ['198.51.100.7', 'https', false],
  ])('connected from %s with "%s" is https: %s', (remote, proto, isHttps) => {
    expect(PROXIES.saysHttps(request(remote, { 'x-forwarded-proto': proto }))).toBe(isHttps)
  })
})

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', 'fd00::/129', ''])(
  '"%s" is refused as a trusted proxy',
  (entry) => {
    expect(() => new TrustedProxies([entry])).toThrow(`trusted-proxies: "${entry}" is neither an address nor a CIDR range`)
  },
)
