import { BlockList, isIP } from 'node:net'

/** Whether an address is one of these, or in one of these ranges (CIDR); never for what is no IP address. */
export function isFrom(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [start = '', prefix] = range.split('/')
    const longest = isIP(start) === 4 ? 32 : 128
    list.addSubnet(start, prefix === undefined ? longest : Number(prefix), familyOf(start))
  }
  return isIP(address) !== 0 && list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
