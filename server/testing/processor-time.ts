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
