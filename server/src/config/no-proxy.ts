import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { NoProxyRule } from '../domain/outgoing.ts'

const KINDS = 'a host, a domain such as .corp.example, *.corp.example, host:port, an address, 10.0.0.0/8 or 10.0.0.1-10.0.0.9'

/** The entries of `no_proxy`, between commas or blanks, and what is wrong with others; no problem repeats an entry. */
export function noProxyRules(text: string): { readonly rules: readonly NoProxyRule[]; readonly problems: readonly string[] } {
  const rules: NoProxyRule[] = []
  const problems: string[] = []
  for (const [index, entry] of text
    .split(/[,\s]+/)
    .filter((each) => each !== '')
    .entries()) {
    const read = ruleOf(entry)
    if (typeof read === 'string') problems.push(`${read} in place ${index + 1}; write ${KINDS}.`)
    else rules.push(read)
  }
  return { rules, problems }
}

function ruleOf(text: string): NoProxyRule | string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'holds a URL'
  if (text.includes('/')) return subnetOf(text)
  const [, bracketed, afterBracket] = /^\[([^\]]*)\](?::([0-9]+))?$/.exec(text) ?? []
  if (bracketed !== undefined)
    return isIP(bracketed) === 6 ? addressOf(text, bracketed, afterBracket) : 'holds no IPv6 address in [ ]'
  if (isAddress(text)) return addressOf(text, text, undefined)
  const [, host = text, port] = /^([^:]*):([0-9]+)$/.exec(text) ?? []
  if (isAddress(host)) return addressOf(text, host, port)
  return rangeOf(text) ?? nameOf(text, host, port)
}

function addressOf(text: string, address: string, port: string | undefined): NoProxyRule | string {
  return withPort({ kind: 'range', text, first: address, last: address }, port)
}

function subnetOf(text: string): NoProxyRule | string {
  const [, network = '', digits = ''] = /^\[?([^\][/]*)\]?\/([0-9]{1,3})$/.exec(text) ?? []
  const prefix = Number(digits)
  if (!isAddress(network)) return 'holds a / behind something that is no address'
  return digits === '' || prefix > (isIP(network) === 4 ? 32 : 128)
    ? 'holds a network with a prefix that there is not'
    : { kind: 'subnet', text, network, prefix }
}

/** Undefined where it is none, as in `db-1.corp.example`. */
function rangeOf(text: string): NoProxyRule | string | undefined {
  const [first = '', last = '', ...more] = text.split('-').map((end) => end.replace(/^\[(.*)\]$/, '$1'))
  if (more.length > 0 || !isAddress(first) || !isAddress(last)) return undefined
  if (isIP(first) !== isIP(last)) return 'holds a range from one kind of address to the other'
  return numberOf(first) > numberOf(last) ? 'holds a range that ends before it begins' : { kind: 'range', text, first, last }
}

function nameOf(text: string, host: string, port: string | undefined): NoProxyRule | string {
  if (host.includes('*')) {
    const isPattern = /^[a-z0-9_.*:-]+$/i.test(host) && !host.includes('..')
    return isPattern ? withPort({ kind: 'pattern', text, pattern: host.replace(/\.$/, '').toLowerCase() }, port) : 'holds no host'
  }
  // As curl does, a dot in front or behind makes no difference.
  const plain = host.replace(/^\./, '').replace(/\.$/, '')
  const name = /^[a-z0-9_.\u0080-\u{10ffff}-]+$/iu.test(plain) ? domainToASCII(plain) : ''
  const labels = name.split('.')
  // WHATWG's URL makes an address of a host that ends in a number, so no host is called so.
  const isHost =
    labels.every((label) => label !== '' && label.length <= 63) && !/^(0x[0-9a-f]*|[0-9]+)$/i.test(labels.at(-1) ?? '')
  return isHost ? withPort({ kind: 'domain', text, name }, port) : 'holds no host'
}

function withPort(rule: NoProxyRule, port: string | undefined): NoProxyRule | string {
  if (port === undefined) return rule
  const number = Number(port)
  return number >= 1 && number <= 65_535 ? { ...rule, port: number } : 'holds a port that there is not'
}

/** Without a zone (`fe80::1%eth0`), which no URL has. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

function numberOf(address: string): bigint {
  const bytes = isIP(address) === 4 ? address.split('.').map(Number) : bytesOf(address)
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function bytesOf(ipv6: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${ipv6}]/`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail ?? ''].map((part) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)),
  )
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0)
  const groups = [...(left ?? []), ...new Array<number>(missing).fill(0), ...(right ?? [])]
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}
