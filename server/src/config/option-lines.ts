import { join } from 'node:path'
import { readOwnFile } from './files.ts'
import { parseIni, readIni } from './ini.ts'

/** The lines of the files as they are now, from 1. */
export interface OptionLines {
  /** By section of `oauth-clients.conf`. */
  readonly sections: ReadonlyMap<string, { readonly line: number; readonly options: ReadonlyMap<string, number> }>
  /** Of `benchkey.conf`, by option. */
  readonly server: ReadonlyMap<string, number>
}

/** Reads where sections and options stand. A file that cannot be read has no lines. */
export async function readOptionLines(configDir: string, uid: number): Promise<OptionLines> {
  const [clients, server] = await Promise.all([
    readOwnFile(join(configDir, 'oauth-clients.conf'), 'private', uid),
    readOwnFile(join(configDir, 'benchkey.conf'), 'unwritable', uid),
  ])
  const { sections } = readIni(parseIni(clients.bytes ?? Buffer.alloc(0)))
  const { preamble } = readIni(parseIni(server.bytes ?? Buffer.alloc(0)))
  return {
    sections: new Map(sections.map(({ name, line, options }) => [name, { line, options: linesOf(options) }])),
    server: linesOf(preamble),
  }
}

function linesOf(options: readonly { readonly name: string; readonly line: number }[]): ReadonlyMap<string, number> {
  return new Map(options.map(({ name, line }) => [name, line]))
}
