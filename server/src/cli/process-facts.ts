import { readFileSync } from 'node:fs'

/** What identifies this process on this host, and whether its terminal's Ctrl-C reaches it by itself. */
export interface ProcessFacts {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: a process id may be used again, pid and start time together never. */
  readonly startTime: string
  readonly bootId: string
}

/** The facts of the running process. proc(5) */
export function ownProcessFacts(): ProcessFacts {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { pid: process.pid, startTime: statFields()[21] ?? '', bootId }
}

/** True when this process is in the foreground of a terminal: the kernel then gives SIGINT to the whole group itself. */
export function isInForeground(): boolean {
  const fields = statFields()
  const [group, terminal, foreground] = [fields[4], fields[6], fields[7]]
  return terminal !== '0' && foreground === group
}

/** The fields of /proc/self/stat; the second, the name in parentheses, may hold spaces. */
function statFields(): string[] {
  const text = readFileSync('/proc/self/stat', 'utf8')
  const end = text.lastIndexOf(')')
  return [
    text.slice(0, text.indexOf(' ')),
    '',
    ...text
      .slice(end + 2)
      .trim()
      .split(' '),
  ]
}
