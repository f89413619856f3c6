import { readFileSync } from 'node:fs'

/** A process told apart from any other that ever had its pid. */
export interface ProcessMark {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since the boot. */
  readonly startTime: string
  readonly bootId: string
}

/** This boot of the host, as /proc/sys/kernel/random/boot_id names it. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** When a process started; undefined when there is none with that pid, or only a zombie is left of it. proc_pid_stat(5). */
export function startTimeOf(pid: number): string | undefined {
  const stat = readStat(pid)
  if (stat === undefined) return undefined
  // The second field is the command in brackets and may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return state === 'Z' || state === 'X' ? undefined : startTime
}

/** Whether exactly this process still runs. */
export function isAlive(mark: ProcessMark, bootId: string): boolean {
  return mark.bootId === bootId && startTimeOf(mark.pid) === mark.startTime
}

/** Sends the signal if exactly this process still runs; false when it does not, or belongs to an account out of reach. */
export function signal(mark: ProcessMark, bootId: string, name: 'SIGTERM' | 'SIGKILL'): boolean {
  if (!isAlive(mark, bootId)) return false
  try {
    process.kill(mark.pid, name)
    return true
  } catch (failure) {
    if (isNamed(failure, 'ESRCH') || isNamed(failure, 'EPERM')) return false
    throw failure
  }
}

function readStat(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (failure) {
    if (isNamed(failure, 'ENOENT') || isNamed(failure, 'ESRCH')) return undefined
    throw failure
  }
}

function isNamed(failure: unknown, code: string): boolean {
  return failure instanceof Error && 'code' in failure && failure.code === code
}
