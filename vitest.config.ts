import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongFirst } from './scripts/long-first.ts'

export default defineConfig({
  test: {
    include: [
      'server/**/*.test.ts',
      'sdk/**/*.test.ts',
      'web/**/*.test.ts',
      'vscode/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    // Half of the time of a test file is waiting for others: processes, sockets, pages, clocks.
    maxWorkers: availableParallelism() * 2,
    sequence: { sequencer: LongFirst },
    // All three say when to give up, and cost nothing where all is well: a busy machine may take its time. `expect.poll` waits for
    // what another process, a loop or a page makes true, and gives up well before its test, so that it says what it saw.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
  },
})
