import { describe, expect, test } from 'vitest'
import { forbiddenAddress, isPrivateAddress } from './address-guard.ts'

describe('the outbound guard', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['169.254.169.254', 'a metadata service'],
    ['100.100.100.200', 'a metadata service'],
    ['168.63.129.16', 'a metadata service'],
    ['192.0.0.192', 'a metadata service'],
    ['fd00:ec2::254', 'a metadata service'],
    ['fd20:ce::254', 'a metadata service'],
    ['169.254.0.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['not an address', 'reserved'],
  ])('refuses %s as %s', (address, why) => {
    expect(forbiddenAddress(address)).toBe(why)
  })

  test.each([
    ['IPv4-mapped', '::ffff:169.254.169.254', 'a metadata service'],
    ['IPv4-mapped', '::ffff:7f00:1', 'loopback'],
    ['IPv4-compatible', '::127.0.0.1', 'loopback'],
    ['IPv4-translated', '::ffff:0:169.254.1.1', 'link-local'],
    ['NAT64', '64:ff9b::169.254.169.254', 'a metadata service'],
    ['NAT64', '64:ff9b::7f00:1', 'loopback'],
    ['local NAT64', '64:ff9b:1::a9fe:a9fe', 'a metadata service'],
    ['local NAT64', '64:ff9b:1:abcd::e000:1', 'multicast'],
    ['6to4', '2002:a9fe:a9fe::1', 'a metadata service'],
    ['6to4', '2002:7f00:1::', 'loopback'],
  ])('sees through the %s form %s', (_form, address, why) => {
    expect(forbiddenAddress(address)).toBe(why)
  })

  test.each([
    '93.184.216.34',
    '10.0.0.1',
    '192.168.1.1',
    '100.100.100.201',
    '128.0.0.1',
    '2606:4700::1111',
    'fd00:ec2::253',
    '64:ff9b::8.8.8.8',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
  ])('lets %s pass', (address) => {
    expect(forbiddenAddress(address)).toBeUndefined()
  })

  test.each([
    ['10.0.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['100.128.0.1', false],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe00::1', false],
    ['::ffff:10.0.0.1', true],
    ['64:ff9b::192.168.1.1', true],
    ['2002:a00:1::', true],
    ['93.184.216.34', false],
    ['2606:4700::1111', false],
  ])('an address of a private network: %s', (address, isPrivate) => {
    expect(isPrivateAddress(address)).toBe(isPrivate)
  })
})
