import { readFileSync } from 'node:fs'

/** How long this thread, the first of its process, was ready to run and did not get a processor, in milliseconds: proc(5), schedstat. */
export function waitedForProcessorMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
}

/**
 * What some work costs the processor, in milliseconds, over all threads of this process: unlike the time it takes, the same on a machine
 * that does other things as well.
 */
export async function processorMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
