import { BlockList, isIPv6 } from 'node:net'
import type { ParseContext, Parsed } from './option-table.ts'

/**
 * The parameter of Benchkey's own that a name would double, as it is called there (security.md, *Authorization request*);
 * undefined when it is free.
 */
export function reservedParameter(name: string): string | undefined {
  const plain = plainParameter(name)
  if (plain.startsWith('code_challenge')) return plain === 'code_challenge_method' ? plain : 'code_challenge'
  return RESERVED_PARAMETERS.find((reserved) => reserved === plain)
}

/**
 * A name as the most careless server reads it: ASP.NET knows no case, PHP turns full stops and blanks into underscores, skips
 * blanks in front and makes a list of `name[]`.
 */
export function plainParameter(name: string): string {
  return name.trimStart().replace(/\[.*$/, '').replace(/[. ]/g, '_').toLowerCase()
}

const RESERVED_PARAMETERS = [
  'state',
  'redirect_uri',
  'client_id',
  'client_secret',
  'response_type',
  'grant_type',
  'code',
  'code_verifier',
  'refresh_token',
  // RFC 9101: what they hold goes before all parameters.
  'request',
  'request_uri',
]

/** An endpoint of an authorization server. RFC 6749 §3.1, §3.2: absolute, no fragment, its query is kept. */
export function endpointUrl(text: string, context: ParseContext): Parsed<string> {
  const url = outboundUrl(text, context)
  if ('problem' in url) return url
  const names = [...url.value.searchParams.keys()]
  if (new Set(names).size < names.length) return { problem: 'names a query parameter twice; keep one of the two.' }
  const reserved = names
    .filter((name) => !isHarmless(name, url.value))
    .map(reservedParameter)
    .find((name) => name !== undefined)
  if (reserved !== undefined)
    return { problem: `names ${reserved} in its query, which Benchkey sets itself; remove it from the URL.` }
  return { value: text }
}

/** An issuer identifier: as an endpoint, without a query. RFC 8414 §2. The text is kept, `iss` is compared with it exactly. */
export function issuerUrl(text: string, context: ParseContext): Parsed<string> {
  const url = outboundUrl(text, context)
  if ('problem' in url) return url
  return text.includes('?') ? { problem: 'holds a query; an issuer is a URL without one.' } : { value: text }
}

/** Resource indicators: absolute URIs without a fragment, of any scheme, between white space. RFC 8707 §2. */
export function resourceIndicators(text: string): Parsed<readonly string[]> {
  const uris = text.split(/\s+/)
  if (uris.some((uri) => uri.includes('#'))) return { problem: 'holds a fragment (#…); remove it.' }
  if (uris.some((uri) => !/^[A-Za-z][A-Za-z0-9+.-]*:[^\s\\"<>^`{|}]+$/.test(uri)))
    return { problem: 'is not an absolute URI such as https://api.example.com/; the option audience takes other names.' }
  return new Set(uris).size < uris.length ? { problem: 'names a resource twice; keep one of the two.' } : { value: uris }
}

/** A page for people: https, and a fragment is fine. Only browsers go there. */
export function documentationUrl(text: string): Parsed<string> {
  const [beforeFragment = '', fragment] = text.split('#', 2)
  const url = absoluteUrl(beforeFragment)
  if ('problem' in url) return url
  if (url.value.protocol !== 'https:') return { problem: 'is an http URL; write https.' }
  return /[\s\\"<>^`{|}]/.test(fragment ?? '')
    ? { problem: 'holds a character in its fragment that no URL has.' }
    : { value: text }
}

/** The address browsers use: https, a base path is allowed, a trailing slash is dropped. */
export function publicUrl(text: string): Parsed<string> {
  const url = absoluteUrl(text)
  if ('problem' in url) return url
  if (url.value.protocol !== 'https:') return { problem: 'is an http URL; people reach Benchkey by https only.' }
  return withoutTrailingSlash(text, url.value)
}

/** The address of session pages: an https origin, `{id}` as the first label of its host for one per session, or `none`. */
export function sessionsUrl(text: string): Parsed<string | 'none'> {
  if (text === 'none') return { value: 'none' }
  const plain = text.replace('{id}', EACH_SESSION)
  if (/[{}]/.test(plain) || (text.includes('{id}') && !/^https:\/\/\{id\}\.[^.]/i.test(text))) {
    return { problem: 'has braces elsewhere than in {id} as the first label of its host, such as https://{id}.sessions.example.' }
  }
  const url = publicUrl(plain)
  if ('problem' in url) return { problem: url.problem.replace('people reach Benchkey', 'people reach sessions') }
  const { pathname, origin } = new URL(url.value)
  return pathname === '/'
    ? { value: origin.replace(EACH_SESSION, '{id}') }
    : { problem: 'holds a path; write scheme, host and port only.' }
}

/** Stands for `{id}` while the URL is read: the longest label a session makes. */
const EACH_SESSION = '00000000-0000-4000-8000-000000000000'

/** The address sessions use: as the public URL, and http on loopback. */
export function callbackAddress(text: string): Parsed<string> {
  const url = absoluteUrl(text)
  if ('problem' in url) return url
  if (url.value.protocol !== 'https:' && !isLoopback(url.value)) {
    return { problem: 'is an http URL; write https, since http is allowed on loopback (127.0.0.1, ::1, localhost) only.' }
  }
  return withoutTrailingSlash(text, url.value)
}

function withoutTrailingSlash(text: string, url: URL): Parsed<string> {
  if (text.includes('?')) return { problem: 'holds a query; write scheme, host, port and base path only.' }
  if (url.port === '0') return { problem: 'names port 0; write the port that is reached.' }
  return { value: url.origin + url.pathname.replace(/\/+$/, '') }
}

/** Providers print `?response_type=code` in their documentation; it says what Benchkey says anyway. */
function isHarmless(name: string, url: URL): boolean {
  return name === 'response_type' && url.searchParams.get(name) === 'code'
}

function outboundUrl(text: string, context: ParseContext): Parsed<URL> {
  const url = absoluteUrl(text)
  if ('problem' in url) return url
  if (isLoopback(url.value)) {
    if (context.allowsLoopback) return url
    return {
      problem: 'points at this machine itself (loopback), which only insecure-loopback-providers=1 in benchkey.conf allows.',
    }
  }
  if (isForbidden(url.value)) {
    return {
      problem:
        'names an address no provider has (link-local, metadata, multicast or unspecified); write the host name of the provider.',
    }
  }
  if (url.value.protocol !== 'https:') return { problem: 'is an http URL; write https.' }
  return url
}

function absoluteUrl(text: string): Parsed<URL> {
  if (!/^https?:\/\/[^/?#\\]/i.test(text))
    return { problem: 'is not a whole URL; write one that starts with https:// and a host.' }
  if (text.includes('#')) return { problem: 'holds a fragment (#…); remove it.' }
  if (/[\s\\"<>^`{|}]/.test(text))
    return { problem: 'holds a blank, quote, backslash or another character no URL has; percent-encode it.' }
  const authority = text.split(/[/?]/, 3)[2] ?? ''
  if (authority.includes('@')) return { problem: 'holds a user name or password before the host; remove it.' }
  const url = URL.parse(text)
  if (!url) return { problem: 'is not a URL that can be read; check host and port.' }
  return { value: url }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Addresses no provider has (security.md, *Outbound guard*). */
const FORBIDDEN = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv6')
}

function isLoopback(url: URL): boolean {
  return isLoopbackHost(url.hostname)
}

/** Whether a host name or address, an IPv6 one in brackets, is this machine itself. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '')
  return host === 'localhost' || host.endsWith('.localhost') || isListed(LOOPBACK, host)
}

function isForbidden(url: URL): boolean {
  return isForbiddenHost(url.hostname)
}

/** Whether a host, an IPv6 address in brackets, is an address that nothing of ours may be at. */
export function isForbiddenHost(hostname: string): boolean {
  return isListed(FORBIDDEN, hostname.replace(/\.$/, ''))
}

/** `host` as WHATWG's URL prints it: an IPv4 address is dotted there whatever was written, an IPv6 one is in brackets. */
function isListed(list: BlockList, host: string): boolean {
  if (!host.startsWith('[')) return /^[0-9.]+$/.test(host) && list.check(host, 'ipv4')
  const address = host.slice(1, -1)
  const embedded = embeddedIPv4(address)
  return list.check(address, 'ipv6') || (embedded !== undefined && list.check(embedded, 'ipv4'))
}

/** The IPv4 address inside an IPv4-mapped (RFC 4291 §2.5.5) or NAT64 (RFC 6052, RFC 8215) one. */
function embeddedIPv4(address: string): string | undefined {
  const match = /^(?:::ffff:|64:ff9b::|64:ff9b:1:(?:[0-9a-f:]*:)?)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address)
  if (!match || !isIPv6(address)) return undefined
  const [high, low] = [match[1], match[2]].map((part) => Number.parseInt(part ?? '', 16))
  if (high === undefined || low === undefined) return undefined
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
