import { domainToASCII } from 'node:url'
import type { OutgoingProxy } from '../domain/outgoing.ts'
import type { Parsed } from './option-table.ts'
import { isForbiddenHost } from './urls.ts'

const EXAMPLE = 'http://proxy.corp.example:3128'
/** Scheme, user information up to the last `@`, host, port; a scheme may be left out, as curl lets it. */
const PARTS = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:(.*)@)?(\[[^\]]*\]|[^:@[\]]*)(?::([0-9]+))?\/?$/i
const PROTOCOLS = ['http', 'https'] as const
/** The port of https, which is the only one that goes without saying: programs differ about that of a proxy by http. */
const HTTPS_PORT = 443

/** An outgoing proxy, or `none`. */
export function proxyOrNone(text: string): Parsed<OutgoingProxy | 'none'> {
  return text === 'none' ? { value: 'none' } : proxyUrl(text)
}

/** The URL of an outgoing HTTP proxy; user name and password are percent-decoded. */
export function proxyUrl(text: string): Parsed<OutgoingProxy> {
  if (/[\s\\"<>^`{|}]/.test(text))
    return { problem: 'holds a blank, quote, backslash or another character no URL has; percent-encode it.' }
  const [whole, scheme = 'http', userInformation, bracketed = '', digits] = PARTS.exec(text) ?? []
  const protocol = PROTOCOLS.find((each) => each === scheme.toLowerCase())
  if (whole !== undefined && !protocol) {
    return { problem: `is the address of another kind of proxy than HTTP; write one such as ${EXAMPLE}.` }
  }
  if (whole === undefined || !protocol || /[/?#]/.test(bracketed) || /[/?#]/.test(userInformation ?? '')) {
    return {
      problem: `is not the address of a proxy; write one such as ${EXAMPLE}, with /, ? and # of a password percent-encoded.`,
    }
  }
  const host = hostOf(bracketed)
  if (host === undefined) return { problem: `has no host that can be read; write one such as ${EXAMPLE}.` }
  if (isForbiddenHost(bracketed)) {
    return {
      problem: 'names an address no proxy has (link-local, metadata, multicast or unspecified); write the one of the proxy.',
    }
  }
  if (digits === undefined && protocol === 'http') return { problem: `names no port; write it, such as ${EXAMPLE}.` }
  const port = digits === undefined ? HTTPS_PORT : Number(digits)
  if (port < 1 || port > 65_535) return { problem: 'names a port that there is not; write one from 1 to 65535.' }
  const credentials = userInformation === undefined ? {} : credentialsOf(userInformation)
  if ('problem' in credentials) return credentials
  return { value: { protocol, host, port, ...credentials } }
}

/** In lower case and ASCII, without brackets; an IPv4 address dotted, as WHATWG's URL reads it. */
function hostOf(bracketed: string): string | undefined {
  const ascii = bracketed.startsWith('[') ? bracketed : domainToASCII(bracketed)
  const url = ascii === '' || /^\.|\.\./.test(ascii) ? null : URL.parse(`http://${ascii}/`)
  return url && url.hostname !== '' ? url.hostname.replace(/^\[(.*)\]$/, '$1') : undefined
}

function credentialsOf(text: string): Pick<OutgoingProxy, 'userName' | 'password'> | { readonly problem: string } {
  const colon = text.indexOf(':')
  const [name, password] = colon === -1 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)]
  const userName = decoded(name)
  const plain = password === undefined ? undefined : decoded(password)
  if (userName === undefined || (password !== undefined && plain === undefined)) {
    return { problem: 'has a % in user name or password that begins no percent-encoding; write %25 for the character itself.' }
  }
  if (userName === '' || userName.includes(':')) {
    // RFC 7617 §2: the first colon ends the user name.
    return { problem: 'has a user name that is empty or holds a colon; write user:password@ before the host.' }
  }
  if (/\p{Cc}/u.test(userName + (plain ?? ''))) return { problem: 'has a control character in user name or password.' }
  return { userName, ...(plain === undefined ? {} : { password: plain }) }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // No percent-encoding of UTF-8; said to whoever wrote it.
  }
}
