import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'

/** Counts what a run of the tests came to, for its last line. */
export class ClosingLineReporter implements Reporter {
  readonly #counts = { passed: 0, failed: 0, skipped: 0 }
  #ended = false

  /** vitest calls this once, when everything has run. */
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#ended = true
    this.#counts.failed += unhandledErrors.length
    for (const module of modules) {
      const tests = [...module.children.allTests()].map((test) => test.result().state)
      this.#counts.passed += tests.filter((state) => state === 'passed').length
      this.#counts.failed += tests.filter((state) => state === 'failed').length
      // A test that has no result never ran: it counts with those that were left out.
      this.#counts.skipped += tests.filter((state) => state === 'skipped' || state === 'pending').length
      // A file that cannot be imported, or whose hook fails, has errors of its own.
      this.#counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) this.#counts.failed += suite.errors().length
    }
  }

  /** True when something failed, or the run never came to its end. */
  get hasFailed(): boolean {
    return !this.#ended || this.#counts.failed > 0 || this.#counts.passed === 0
  }

  /** `N passed, N failed`, and `, N skipped` when any were. */
  get closingLine(): string {
    const { passed, failed, skipped } = this.#counts
    const atLeastOne = this.hasFailed ? Math.max(failed, 1) : failed
    return `${passed} passed, ${atLeastOne} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  }
}
