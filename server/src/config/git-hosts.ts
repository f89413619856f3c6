import { isIPv6 } from 'node:net'
import type { Parsed } from './option-table.ts'

/** RFC 1035 §2.3.4: the longest host name there is. */
const MOST_NAME_CHARACTERS = 253
const MOST_PORT = 65_535
/** Whether it is written or not is the same host; here it is not. */
const HTTPS_PORT = '443'

/** Hosts as Git names them, each `host` or `host:port`, in lower case; commas and white space separate. */
export function gitHosts(text: string): Parsed<readonly string[]> {
  const hosts = text
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((host) => host !== '')
  if (hosts.length === 0) return { problem: 'names no host; write at least one or remove the line.' }
  for (const [index, host] of hosts.entries()) {
    const problem = problemOf(host, `in place ${index + 1}`)
    if (problem !== undefined) return { problem }
  }
  return new Set(hosts).size < hosts.length ? { problem: 'names a host twice; keep one of the two.' } : { value: hosts }
}

function problemOf(host: string, place: string): string | undefined {
  const alone = 'write host or host:port alone'
  if (host.includes('://')) return `holds a scheme ${place}; ${alone}, https is meant.`
  if (host.includes('@')) return `holds a user name ${place}; ${alone}.`
  if (/[/\\?#]/.test(host)) return `holds a path ${place}; ${alone}, the token is for all of that host.`
  if (host.includes('*')) return `holds a wildcard ${place}; write out each host that is to get the token.`
  const [, name = '', port] = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(host) ?? []
  if (!isHostName(name)) return `names no host ${place}; write such as git.corp.example or git.corp.example:8443.`
  if (port === undefined) return undefined
  if (port === HTTPS_PORT) return `names port 443 ${place}, which https has anyway; leave it out.`
  if (/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= MOST_PORT) return undefined
  return `names no port ${place}; write one from 1 to ${MOST_PORT}.`
}

function isHostName(name: string): boolean {
  if (name.startsWith('[')) return isIPv6(name.slice(1, -1)) && !name.includes('%')
  return (
    name.length <= MOST_NAME_CHARACTERS && name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  )
}
