import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noProxyRules } from '../config/no-proxy.ts'
import { noProxyRuleFor } from './no-proxy.ts'

/** Whether `no_proxy` takes the host of an URL out of the proxy's hands. */
function isDirect(noProxy: string, url: string): boolean {
  const { rules, problems } = noProxyRules(noProxy)
  expect(problems).toEqual([])
  const { hostname, port, protocol } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  return noProxyRuleFor(hostname, port === '' ? usual : Number(port), rules) !== undefined
}

describe('an entry of no_proxy', () => {
  test.each([
    ['corp.example', 'https://corp.example', true],
    ['corp.example', 'https://git.corp.example', true],
    ['corp.example', 'https://a.b.corp.example.', true],
    ['corp.example', 'https://notcorp.example', false],
    ['corp.example', 'https://corp.example.evil.example', false],
    ['.corp.example', 'https://corp.example', true],
    ['.corp.example', 'https://git.corp.example', true],
    ['corp.example.', 'https://git.corp.example', true],
    ['CORP.Example', 'https://git.corp.EXAMPLE', true],
    ['example', 'https://corp.example', true],
    ['localhost', 'https://localhost:8443', true],
    ['localhost', 'https://127.0.0.1', false],
    ['bücher.example', 'https://shop.xn--bcher-kva.example', true],
    ['host_1', 'https://host_1', true],
    ['*', 'https://box.example', true],
    ['*', 'https://10.0.0.1', true],
    ['*.corp.example', 'https://git.corp.example', true],
    ['*.corp.example', 'https://a.b.corp.example', true],
    ['*.corp.example', 'https://corp.example', false],
    ['db-*.corp.example', 'https://db-17.corp.example', true],
    ['db-*.corp.example', 'https://web-17.corp.example', false],
    ['a*a', 'https://a', false],
    ['10.1.*', 'https://10.1.2.3', true],
    ['10.1.*', 'https://10.12.3.4', false],
    ['corp.example:8443', 'https://corp.example:8443', true],
    ['corp.example:8443', 'https://git.corp.example:8443', true],
    ['corp.example:8443', 'https://corp.example', false],
    ['corp.example:443', 'https://corp.example', true],
    ['corp.example:80', 'http://corp.example', true],
    ['*.corp.example:8443', 'https://git.corp.example:8443', true],
    ['10.0.0.1', 'https://10.0.0.1:8443', true],
    ['10.0.0.1', 'https://10.0.0.10', false],
    ['10.0.0.1', 'https://167772161', true],
    ['10.0.0.1:8443', 'https://10.0.0.1:8443', true],
    ['10.0.0.1:8443', 'https://10.0.0.1', false],
    ['2001:db8::1', 'https://[2001:db8:0:0::1]', true],
    ['[2001:DB8::1]', 'https://[2001:db8::1]:8443', true],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]:8443', true],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]', false],
    ['10.0.0.0/8', 'https://10.255.255.255', true],
    ['10.0.0.0/8', 'https://11.0.0.0', false],
    ['10.1.2.3/8', 'https://10.0.0.1', true],
    ['0.0.0.0/0', 'https://192.0.2.1', true],
    ['0.0.0.0/0', 'https://[2001:db8::1]', false],
    ['0.0.0.0/0', 'https://box.example', false],
    ['2001:db8::/32', 'https://[2001:db8:ffff::1]', true],
    ['2001:db8::/32', 'https://[2001:db9::1]', false],
    ['[2001:db8::]/32', 'https://[2001:db8::1]', true],
    ['10.0.0.1-10.0.0.9', 'https://10.0.0.1', true],
    ['10.0.0.1-10.0.0.9', 'https://10.0.0.9', true],
    ['10.0.0.1-10.0.0.9', 'https://10.0.0.10', false],
    ['2001:db8::1-2001:db8::f', 'https://[2001:db8::a]', true],
    ['[2001:db8::1]-[2001:db8::f]', 'https://[2001:db8::10]', false],
    ['a-b.corp.example', 'https://a-b.corp.example', true],
    ['one.example,two.example  three.example , four.example', 'https://four.example', true],
    ['', 'https://box.example', false],
    [' , ', 'https://box.example', false],
  ])('%s and %s: %s', (noProxy, url, direct) => {
    expect(isDirect(noProxy, url)).toBe(direct)
  })

  test.each([
    ['https://corp.example', 'holds a URL in place 1'],
    ['a.example, corp.example/', 'holds a / behind something that is no address in place 2'],
    ['10.0.0.0/33', 'holds a network with a prefix that there is not in place 1'],
    ['2001:db8::/129', 'holds a network with a prefix that there is not in place 1'],
    ['10.0.0/8', 'holds a / behind something that is no address in place 1'],
    ['10.0.0.9-10.0.0.1', 'holds a range that ends before it begins in place 1'],
    ['10.0.0.1-2001:db8::1', 'holds a range from one kind of address to the other in place 1'],
    ['10.0.0', 'holds no host in place 1'],
    ['010.0.0.1', 'holds no host in place 1'],
    ['300.0.0.1', 'holds no host in place 1'],
    ['corp.example:0', 'holds a port that there is not in place 1'],
    ['corp.example:70000', 'holds a port that there is not in place 1'],
    ['corp.example:https', 'holds no host in place 1'],
    ['[10.0.0.1]', 'holds no IPv6 address in [ ] in place 1'],
    ['fe80::1%eth0', 'holds no host in place 1'],
    ['corp..example', 'holds no host in place 1'],
    ['user@corp.example', 'holds no host in place 1'],
    ['<local>', 'holds no host in place 1'],
    ['.', 'holds no host in place 1'],
    ['*.corp..example', 'holds no host in place 1'],
  ])('%s is refused', (noProxy, problem) => {
    expect(noProxyRules(noProxy).problems).toEqual([expect.stringMatching(new RegExp(`^${problem.replace(/[[\]/]/g, '\\$&')};`))])
  })

  test('is compared with a name as it stands: nothing is looked up', () => {
    expect(isDirect('127.0.0.0/8, ::1', 'https://localhost')).toBe(false)
  })
})

describe('addresses, for any entry and host, as arithmetic has it', () => {
  const FAMILIES = { 4: { bits: 32, text: ipv4 }, 6: { bits: 128, text: ipv6 } } as const
  const address = fc
    .constantFrom<4 | 6>(4, 6)
    .chain((family) => fc.bigInt({ min: 0n, max: 2n ** BigInt(FAMILIES[family].bits) - 1n }).map((value) => ({ family, value })))

  test('networks', () => {
    fc.assert(
      fc.property(address, address, fc.nat(128), fc.bigInt({ min: 0n, max: 300n }), (network, other, wish, distance) => {
        const { bits, text } = FAMILIES[network.family]
        const prefix = wish % (bits + 1)
        const shift = BigInt(bits - prefix)
        const noProxy = `${text(network.value)}/${prefix}`
        // Hosts of anywhere, and hosts around the network's edges, where mistakes are.
        const edge = ((network.value >> shift) << shift) + distance - 150n
        for (const host of [other, { family: network.family, value: BigInt.asUintN(bits, edge) }]) {
          const isInside = host.family === network.family && host.value >> shift === network.value >> shift
          expect(isDirect(noProxy, urlOf(host)), `${noProxy} ${urlOf(host)}`).toBe(isInside)
        }
      }),
    )
  })

  test('ranges', () => {
    fc.assert(
      fc.property(address, address, fc.nat(1000), fc.integer({ min: -3, max: 1003 }), (start, other, length, offset) => {
        const { bits, text } = FAMILIES[start.family]
        const last = start.value + BigInt(length)
        fc.pre(last < 2n ** BigInt(bits) && start.value >= 3n)
        const near = { family: start.family, value: BigInt.asUintN(bits, start.value + BigInt(offset)) }
        for (const host of [other, near]) {
          const isInside = host.family === start.family && host.value >= start.value && host.value <= last
          expect(isDirect(`${text(start.value)}-${text(last)}`, urlOf(host))).toBe(isInside)
        }
      }),
    )
  })

  function urlOf({ family, value }: { readonly family: 4 | 6; readonly value: bigint }): string {
    return family === 4 ? `https://${ipv4(value)}/` : `https://[${ipv6(value)}]/`
  }
})

describe('names, for any entry and host, as a regular expression has it', () => {
  const label = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), minLength: 1, maxLength: 2 }).map((text) => `x${text}x`)
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))

  test('domains and patterns', () => {
    const entry = fc.oneof(
      name,
      name.map((text) => `.${text}`),
      fc
        .array(fc.oneof(label, fc.constantFrom('*', '*x', 'x*', 'x*x')), { minLength: 1, maxLength: 3 })
        .map((labels) => labels.join('.')),
    )
    fc.assert(
      fc.property(entry, fc.array(label, { maxLength: 2 }), name, (noProxy, below, other) => {
        const suffix = noProxy.replaceAll('*', 'x').replace(/^\./, '')
        const source = noProxy.replace(/^\./, '').replaceAll('.', '\\.').replaceAll('*', '.*')
        const oracle = noProxy.includes('*') ? new RegExp(`^${source}$`) : new RegExp(`^(.*\\.)?${source}$`)
        for (const host of [other, [...below, suffix].join('.'), `${suffix}.${other}`, `x${suffix}`]) {
          expect(isDirect(noProxy, `https://${host}`), `${noProxy} ${host}`).toBe(oracle.test(host))
        }
      }),
    )
  })
})

test('a long pattern full of asterisks is compared at once', () => {
  const { rules } = noProxyRules(`${'a*'.repeat(50)}b`)
  expect(noProxyRuleFor('a'.repeat(60_000), 443, rules)).toBeUndefined()
})

function ipv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
}

function ipv6(value: bigint): string {
  return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(':')
}
