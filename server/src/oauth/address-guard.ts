import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** Why an address may not be connected to; the words complete "its address is …". */
export type ForbiddenAddress = 'loopback' | 'link-local' | 'a metadata service' | 'multicast' | 'unspecified' | 'reserved'

type Range = readonly [address: string, prefix: number]

/**
 * RFC 6890 for the ranges; 169.254.169.254 is the metadata service of most clouds, the others are those of Alibaba, Azure,
 * Oracle, AWS (IPv6) and Google (IPv6).
 */
const RANGES: readonly (readonly [why: ForbiddenAddress, ranges: readonly Range[]])[] = [
  [
    'a metadata service',
    [
      ['169.254.169.254', 32],
      ['100.100.100.200', 32],
      ['168.63.129.16', 32],
      ['192.0.0.192', 32],
      ['fd00:ec2::254', 128],
      ['fd20:ce::254', 128],
    ],
  ],
  [
    'unspecified',
    [
      ['0.0.0.0', 8],
      ['::', 128],
    ],
  ],
  [
    'loopback',
    [
      ['127.0.0.0', 8],
      ['::1', 128],
    ],
  ],
  [
    'link-local',
    [
      ['169.254.0.0', 16],
      ['fe80::', 10],
    ],
  ],
  [
    'multicast',
    [
      ['224.0.0.0', 4],
      ['ff00::', 8],
    ],
  ],
  ['reserved', [['240.0.0.0', 4]]],
] as const

const LISTS = RANGES.map(([why, ranges]) => {
  const list = new BlockList()
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6')
  return { why, list }
})

/** Prefixes that carry an IPv4 address, and the byte at which it starts. RFC 4291 §2.5.5, RFC 6052, RFC 8215, RFC 7915, RFC 3056. */
const EMBEDDING: readonly (readonly [groups: readonly number[], startByte: number])[] = [
  [[0, 0, 0, 0, 0, 0xffff], 12],
  [[0, 0, 0, 0, 0, 0], 12],
  [[0, 0, 0, 0, 0xffff, 0], 12],
  [[0x64, 0xff9b, 0, 0, 0, 0], 12],
  [[0x64, 0xff9b, 1], 12],
  [[0x2002], 2],
]

/** Addresses of networks of one's own: RFC 1918, RFC 4193, and RFC 6598 for those of carriers. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4')
}
PRIVATE.addSubnet('fc00::', 7, 'ipv6')

/** Why the address, or an IPv4 address inside it, may never be connected to; undefined when it may. Loopback is for the caller to allow. */
export function forbiddenAddress(address: string): ForbiddenAddress | undefined {
  for (const [each, family] of addressesIn(address)) {
    const why = lookUp(each, family)
    if (why) return why
  }
  return isIP(withoutZone(address)) === 0 ? 'reserved' : undefined
}

/** Whether the address, or an IPv4 address inside it, belongs to a network of one's own. */
export function isPrivateAddress(address: string): boolean {
  return addressesIn(address).some(([each, family]) => PRIVATE.check(each, family))
}

/** The address itself, then those inside it. */
function addressesIn(address: string): readonly (readonly [address: string, family: 'ipv4' | 'ipv6'])[] {
  const plain = withoutZone(address)
  if (isIPv4(plain)) return [[plain, 'ipv4']]
  if (!isIPv6(plain)) return []
  const groups = groupsOf(plain)
  const inside = EMBEDDING.filter(([prefix]) => prefix.every((group, index) => groups[index] === group))
  return [[plain, 'ipv6'], ...inside.map(([, startByte]) => [ipv4At(groups, startByte), 'ipv4'] as const)]
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? ''
}

/** Whether a host, a name or an address without brackets, is the machine that looks it up. RFC 6761 §6.3. */
export function isThisMachine(host: string): boolean {
  const plain = host.replace(/\.$/, '').toLowerCase()
  if (isIPv4(plain) || isIPv6(plain)) return forbiddenAddress(plain) === 'loopback'
  return plain === 'localhost' || plain.endsWith('.localhost')
}

function lookUp(address: string, family: 'ipv4' | 'ipv6'): ForbiddenAddress | undefined {
  return LISTS.find(({ list }) => list.check(address, family))?.why
}

function groupsOf(address: string): readonly number[] {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = hexGroups(head)
  const right = hexGroups(tail ?? '')
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function hexGroups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function ipv4At(groups: readonly number[], startByte: number): string {
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff])
  return bytes.slice(startByte, startByte + 4).join('.')
}
