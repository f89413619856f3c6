import { readFileSync } from 'node:fs'

/** USER_HZ: what `/proc` counts in, 100 a second on every Linux that Node runs on. */
const TICK_US = 10_000

/** CPU time a process has used so far, all its threads, user and system, in microseconds. */
export function cpuUs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name may hold spaces and brackets: fields are counted from behind it. 14 is utime, 15 is stime (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[14 - 3]) + Number(fields[15 - 3])) * TICK_US
}
