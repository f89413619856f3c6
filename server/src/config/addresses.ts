import { isIP } from 'node:net'
import type { Parsed } from './option-table.ts'

/** An address to listen on. */
export function listenAddress(text: string): Parsed<string> {
  if (text === 'localhost' || isPlainAddress(text)) return { value: text }
  return { problem: 'is not an IP address; write one of this machine, 0.0.0.0 for all of IPv4 or :: for all.' }
}

/** Addresses and CIDR ranges between commas and white space. RFC 4632, RFC 4291 §2.3. */
export function addressRanges(text: string): Parsed<readonly string[]> {
  const ranges = text.split(/[,\s]+/).filter((range) => range !== '')
  const wrong = ranges.findIndex((range) => !isRange(range))
  if (wrong !== -1) {
    return {
      problem: `does not name an IP address or range in place ${wrong + 1}; write such as 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32.`,
    }
  }
  return ranges.length === 0
    ? { problem: 'names no address; write at least one or remove the line.' }
    : { value: [...new Set(ranges)] }
}

function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  if (rest.length > 0 || !isPlainAddress(address)) return false
  if (prefix === undefined) return true
  return /^(0|[1-9][0-9]{0,2})$/.test(prefix) && Number(prefix) <= (isIP(address) === 4 ? 32 : 128)
}

/** Without a zone (`fe80::1%eth0`), which means nothing on another machine. */
function isPlainAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}
