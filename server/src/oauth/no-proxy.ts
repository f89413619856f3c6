import { BlockList, isIP, isIPv6 } from 'node:net'
import type { NoProxyRule } from '../domain/outgoing.ts'

type AddressRule = Extract<NoProxyRule, { kind: 'subnet' | 'range' }>

/**
 * The first rule that takes a host and port out of the proxy's hands. A host that is a name is compared with names only: it is
 * not looked up, for that is the proxy's to do, and often only the proxy can.
 */
export function noProxyRuleFor<R extends NoProxyRule>(host: string, port: number, rules: readonly R[]): R | undefined {
  const plain = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()
  return rules.find((rule) => (rule.port ?? port) === port && names(rule, plain))
}

function names(rule: NoProxyRule, host: string): boolean {
  switch (rule.kind) {
    case 'domain':
      return host === rule.name || (isIP(host) === 0 && host.endsWith(`.${rule.name}`))
    case 'pattern':
      return matches(rule.pattern, host)
    default:
      return containsAddress(rule, host)
  }
}

/** The families are told apart first: for BlockList every IPv4 address lies in `::/0`, too. */
function containsAddress(rule: AddressRule, host: string): boolean {
  const first = rule.kind === 'subnet' ? rule.network : rule.first
  return isIP(host) === isIP(first) && listOf(rule).check(host, familyOf(host))
}

function listOf(rule: AddressRule): BlockList {
  const list = new BlockList()
  if (rule.kind === 'subnet') list.addSubnet(rule.network, rule.prefix, familyOf(rule.network))
  else list.addRange(rule.first, rule.last, familyOf(rule.first))
  return list
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/** In one pass over each part between asterisks, so that no pattern takes long. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
