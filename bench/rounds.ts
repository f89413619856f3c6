import { Trouble } from '../scripts/trouble.ts'
import { cpuUs } from './cpu.ts'
import { median } from './statistics.ts'
import { runWrk } from './wrk.ts'

/** A server under load. */
export interface Contender {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** Bytes of one whole answer; a contender that answers something else has failed. */
  readonly answerBytes: number
}

/** What one contender needed, one entry a round. */
export interface Figures {
  readonly cpuUs: number[]
  readonly p99Us: number[]
  readonly perSecond: number[]
}

/** How long and how often. */
export interface Effort {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

/** Loads the contenders in turn, round by round; throws Trouble when one answers an error or other bytes. */
export async function runRounds(
  contenders: readonly Contender[],
  script: string,
  effort: Effort,
  say: (words: string) => void,
): Promise<ReadonlyMap<string, Figures>> {
  const all = new Map<string, Figures>(contenders.map(({ name }) => [name, { cpuUs: [], p99Us: [], perSecond: [] }]))
  for (const contender of contenders) await runWrk(script, contender.url, effort.warmUpSeconds)
  for (let round = 1; round <= effort.rounds; round++) {
    say(`Round ${round} of ${effort.rounds} …`)
    // Every other round backwards, so that nobody always runs first.
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
      const before = cpuUs(contender.pid)
      const result = await runWrk(script, contender.url, effort.seconds)
      const used = cpuUs(contender.pid) - before
      checkAnswers(contender, result)
      const figures = all.get(contender.name)
      figures?.cpuUs.push(used / result.requests)
      figures?.p99Us.push(result.p99Us)
      figures?.perSecond.push(result.requests / effort.seconds)
    }
  }
  return all
}

/** The median of the rounds' ratios: what both met in the same round cancels out. */
export function ratio(figures: readonly number[], bare: readonly number[]): number {
  return median(figures.map((value, round) => value / (bare[round] ?? Number.NaN)))
}

function checkAnswers(contender: Contender, result: { requests: number; bytes: number; errors: number }): void {
  const expected = result.requests * contender.answerBytes
  // wrk counts bytes of answers it had not finished reading.
  if (result.errors > 0 || result.requests === 0 || Math.abs(result.bytes / expected - 1) > 0.01) {
    throw new Trouble(
      `${contender.name} answered ${result.errors} errors and ${result.bytes} bytes to ${result.requests} requests, ` +
        `${contender.answerBytes} bytes each were expected; a benchmark of that means nothing.`,
    )
  }
}
