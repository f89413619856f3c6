import { CliError, type Context } from './command.ts'

/** What Git asks a credential helper, of git-credential(1), *INPUT/OUTPUT FORMAT*. */
export interface GitCredential {
  readonly protocol: string | undefined
  readonly host: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** What this Git understands beyond the first version of the protocol. */
  readonly capabilities: readonly string[]
}

/** A token of 16 KiB and some names are far below it. */
const LIMIT_BYTES = 64 * 1024

/**
 * Reads a request to its end: an empty line or the end of the stream. Throws CliError for one that no Git writes: a line without
 * `=`, a CR or NUL, or an attribute twice, which is what a line feed in a value leads to.
 */
export async function parseGitCredential(input: Context['input']): Promise<GitCredential> {
  const attributes = new Map<string, string>()
  const capabilities: string[] = []
  for (const line of await linesOf(input)) {
    const equals = line.indexOf('=')
    const [name, value] = [line.slice(0, Math.max(equals, 0)), line.slice(equals + 1)]
    if (name === '') throw refused('holds a line that is not name=value')
    if (/[\0\r]/.test(line)) throw refused('holds a carriage return or a NUL')
    if (name === 'capability[]') capabilities.push(value)
    if (name.endsWith('[]')) continue
    if (attributes.has(name)) throw refused('names one thing twice')
    attributes.set(name, value)
  }
  const [protocol, host, username, password] = ['protocol', 'host', 'username', 'password'].map(
    (name) => attributes.get(name) || undefined,
  )
  return { protocol, host, username, password, capabilities }
}

async function linesOf(input: Context['input']): Promise<readonly string[]> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk)])
    if (bytes.length > LIMIT_BYTES) throw refused('is larger than 64 KiB')
    if (bytes.includes('\n\n') || bytes[0] === LINE_FEED) break
  }
  const lines = bytes.toString('utf8').split('\n')
  const end = lines.indexOf('')
  return end < 0 ? lines : lines.slice(0, end)
}

const LINE_FEED = 10

function refused(what: string): CliError {
  return new CliError(`This request of Git ${what}, so it gets no token.`, {
    action: 'Check the address of the repository: git remote -v',
  })
}

/**
 * The host a request is for, as `git-hosts` writes it; undefined where no token belongs: not https, or no plain host name. Nothing
 * is decoded or completed: what Git would understand otherwise than we do is nobody's host here.
 */
export function hostOf({ protocol, host }: GitCredential): string | undefined {
  if (protocol !== 'https' || host === undefined || !/^[\x21-\x7e]+$/.test(host)) return undefined
  return host.toLowerCase().replace(/:443$/, '')
}
