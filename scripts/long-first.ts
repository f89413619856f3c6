import { join } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest, longest first: one that begins when the others are through keeps a core idle. */
export const longFiles: readonly string[] = [
  'server/test/simulator.test.ts',
  'web/test/looks.test.ts',
  'web/test/configuration-looks.test.ts',
  'server/test/hostile-provider.test.ts',
  'server/test/journal.test.ts',
  'web/test/oversight-looks.test.ts',
  'server/src/store/postgres.test.ts',
  'server/test/launched-accounts.test.ts',
  'server/test/one-refresh.test.ts',
  'web/test/configuration-pages.test.ts',
  'server/test/terminal-login.test.ts',
  'server/test/lost-answers.test.ts',
  'server/test/faults.test.ts',
  'server/test/main-trip.test.ts',
  'server/test/two-browsers.test.ts',
  'server/test/canary.test.ts',
  'server/test/postgres-outage.test.ts',
  'server/test/session-kinds.test.ts',
  'server/test/configuration-faults.test.ts',
  'server/test/foreign-lock.test.ts',
]

/** Begins with the test files that are known to take long; a clone that has run none knows only how large each is. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longFirst(await super.sort(files), ({ moduleId }) => moduleId, this.ctx.config.root)
  }
}

/** The same in that order; those that are not known to be long stay as they are, behind. */
export function longFirst<T>(files: readonly T[], pathOf: (file: T) => string, root: string): T[] {
  const places = new Map(longFiles.map((name, place) => [join(root, name), place]))
  const placeOf = (file: T): number => places.get(pathOf(file)) ?? longFiles.length
  return [...files].sort((one, other) => placeOf(one) - placeOf(other))
}
