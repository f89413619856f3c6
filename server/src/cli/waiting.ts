import type { Context } from './command.ts'

/** Lets so much time pass, in milliseconds; false when `over` came first. */
export async function waited(context: Pick<Context, 'sleep'>, ms: number, over: AbortSignal): Promise<boolean> {
  try {
    await context.sleep(ms, over)
  } catch (error) {
    if (!over.aborted) throw error
  }
  return !over.aborted
}
