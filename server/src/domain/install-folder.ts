/** Where `benchkey ide install` puts things when root calls it: below no folder that is closed to users. */
const SYSTEM_FOLDER = '/opt/benchkey/ide'

/**
 * The folder that `ide install` fills unless another is named. Without root's rights it is the server's own data directory, which
 * only sessions under the server's account can enter (`single-user=1`).
 */
export function defaultInstallFolder(dataDir: string, uid: number): string {
  return uid === 0 ? SYSTEM_FOLDER : ownFolder(dataDir)
}

/**
 * `{install-dir}` of `sessions.conf`: the folder that holds the program, `vscode/bin/code-server` say; where neither does, the one
 * that a message should name. `exists` tells whether there is such a file.
 */
export function installFolder(dataDir: string, program: string, exists: (path: string) => boolean): string {
  return [ownFolder(dataDir), SYSTEM_FOLDER].find((folder) => exists(`${folder}/${program}`)) ?? SYSTEM_FOLDER
}

function ownFolder(dataDir: string): string {
  return `${dataDir.replace(/\/+$/, '')}/ide`
}

/** The program of VS Code sessions, below the install folder; installed by `benchkey ide install vscode`. */
export const VSCODE_PROGRAM = 'vscode/bin/code-server'
