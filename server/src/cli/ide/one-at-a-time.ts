import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError, EXIT } from '../command.ts'

/** Runs `act` unless another process is at the same in this folder; one that died there is none. */
export async function withLock<T>(folder: string, act: () => Promise<T>): Promise<T> {
  const file = join(folder, '.installing')
  take(file, folder)
  try {
    return await act()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(file: string, folder: string): void {
  for (let attempts = 0; attempts < 2; attempts++) {
    try {
      writeFileSync(file, markOf(process.pid) ?? '', { flag: 'wx' })
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') {
        throw new CliError(`${folder} cannot be written (${code ?? 'unknown'}).`, {
          action: 'Run this as root, or name a folder of your own: --dir DIR',
          cause: error,
        })
      }
      const holder = readFileSync(file, 'utf8')
      const pid = Number(holder.split(' ')[0])
      if (holder !== '' && markOf(pid) === holder) {
        throw new CliError(`Process ${pid} is installing in ${folder} already.`, {
          action: 'Wait for it.',
          exitCode: EXIT.tryLater,
        })
      }
      rmSync(file, { force: true })
    }
  }
  throw new CliError(`Somebody else is installing in ${folder} just now.`, { action: 'Run this again.', exitCode: EXIT.tryLater })
}

/** Process id and start time: the id alone may be another process's by now. proc(5) */
function markOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return `${pid} ${fields[19]}`
  } catch {
    return undefined // There is no such process.
  }
}
