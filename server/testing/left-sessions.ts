import { readdirSync, readFileSync } from 'node:fs'

/** Ends every process of a session whose runtime directory lies below the folder: sessions outlive their server, and are not to outlive a test. */
export function endSessionsBelow(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      if (variables.some((one) => one.startsWith(`PWB_SESSION_RUNTIME_DIR=${folder}/`))) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile, or is somebody else's.
    }
  }
}
