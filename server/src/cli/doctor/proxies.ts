import { request } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { type Check, codeOf, failed, ok, shown, type Variables, warning } from './check.ts'

/** A proxy that takes longer is none that a program waits for. */
const PROXY_TIMEOUT_MS = 5_000

/** Whether R and Python, which obey these variables, reach Benchkey without a proxy, or through it. */
export async function checkProxies(variables: Variables, address: URL): Promise<Check> {
  const scheme = address.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const candidates = [scheme, scheme.toUpperCase(), 'all_proxy', 'ALL_PROXY']
  const name = candidates.find((candidate) => variables[candidate])
  const host = address.hostname.replace(/^\[|\]$/g, '')
  if (!name) return ok('proxy', 'No proxy is set for the address of Benchkey.')
  if (isExcepted(host, address.port, variables.no_proxy || variables.NO_PROXY || '')) {
    return ok('proxy', `no_proxy covers ${host}, so calls to Benchkey go straight.`)
  }
  const action = `Add ${host} to no_proxy and NO_PROXY.`
  const proxy = variables[name] ?? ''
  const where = `${name}, ${hostOf(proxy)}`
  const trouble = await troubleOf(proxy, address)
  if (trouble) {
    const explanation = `R and Python ask for Benchkey through the proxy of ${where}, which ${trouble}.`
    return failed('proxy', explanation, action)
  }
  return warning('proxy', `no_proxy does not cover ${host}: R and Python reach Benchkey through the proxy of ${where}.`, action)
}

/** As curl and requests read it: names with their subdomains, addresses, ranges, a port, `*`. */
export function isExcepted(host: string, port: string, noProxy: string): boolean {
  const entries = noProxy.split(/[,\s]+/).filter((entry) => entry !== '')
  return entries.some((entry) => {
    const [, inBrackets, plain = '', onlyPort] =
      /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
    const name = (inBrackets ?? plain).toLowerCase()
    if (name === '*') return true
    if (onlyPort !== undefined && onlyPort !== port) return false
    if (isIP(host) !== 0) return name === host || isInRange(host, name)
    const suffix = name.replace(/^\*?\./, '')
    return host.toLowerCase() === suffix || host.toLowerCase().endsWith(`.${suffix}`)
  })
}

function isInRange(host: string, range: string): boolean {
  const [network = '', prefix] = range.split('/')
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  if (prefix === undefined || isIP(network) === 0 || !/^\d{1,3}$/.test(prefix) || isIP(network) !== isIP(host)) return false
  if (Number(prefix) > (family === 'ipv6' ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), family)
  return list.check(host, family)
}

/** Never its user and password. */
function hostOf(proxy: string): string {
  const text = proxy.includes('://') ? proxy : `http://${proxy}`
  return URL.canParse(text) ? new URL(text).host : 'which is no URL'
}

/** What keeps the proxy from passing a connection on, to end a sentence with; undefined = nothing. */
async function troubleOf(proxy: string, address: URL): Promise<string | undefined> {
  const text = proxy.includes('://') ? proxy : `http://${proxy}`
  if (!URL.canParse(text)) return 'is no URL'
  const { protocol, hostname, port, username, password } = new URL(text)
  // Other kinds (https, socks5) are rare, and a program may reach them; nothing is claimed.
  if (protocol !== 'http:') return undefined
  const target = `${address.hostname}:${address.port || (address.protocol === 'https:' ? '443' : '80')}`
  const credentials = basicOf(username, password)
  if (credentials === undefined) return 'has a user or password that cannot be read'
  const headers = username === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }
  return await new Promise((resolve) => {
    const signal = AbortSignal.timeout(PROXY_TIMEOUT_MS)
    const host = hostname.replace(/^\[|\]$/g, '')
    const call = request({ host, port: port || 80, method: 'CONNECT', path: target, agent: false, signal, headers })
    call.on('connect', ({ statusCode = 0 }, socket) => {
      socket.destroy()
      resolve(statusCode >= 200 && statusCode < 300 ? undefined : `answers ${statusCode}`)
    })
    call.on('error', (error) => resolve(`does not pass it on (${shown(codeOf(error))})`))
    call.end()
  })
}

/** RFC 7617 §2; undefined when a % stands for nothing. */
function basicOf(username: string, password: string): string | undefined {
  try {
    return Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  } catch {
    return undefined
  }
}
