import { relative } from 'node:path'
import type { SerializedError } from 'vitest'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { filesRunning, type Promised, runtimeTitle } from './threat-model.ts'

/** How the tests of one promise ended. */
export interface Verdict {
  readonly promised: Promised
  readonly passed: number
  /** `file: title` of those that failed or did not run. */
  readonly broken: readonly string[]
}

/** Collects what became of every promise of the threat model. */
export class AttacksReporter implements Reporter {
  readonly #promises: readonly Promised[]
  readonly #root: string
  #verdicts: readonly Verdict[] = []
  #errors = 0

  constructor(promises: readonly Promised[], root: string) {
    this.#promises = promises
    this.#root = root
  }

  /** vitest calls this once, when everything has run. */
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const ended = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        file: relative(this.#root, module.moduleId),
        titles: titlesOf(test),
        state: test.result().state,
      })),
    )
    this.#errors = unhandledErrors.length + modules.reduce((sum, module) => sum + module.errors().length, 0)
    this.#verdicts = this.#promises.map((promised) => verdictOf(promised, ended))
  }

  /** In the order of the threat model; empty when the run never came to its end. */
  get verdicts(): readonly Verdict[] {
    return this.#verdicts
  }

  /** Every promise was put to the test and holds, and nothing else went wrong. */
  get allHold(): boolean {
    return this.#errors === 0 && this.#verdicts.length > 0 && this.#verdicts.every(({ broken }) => broken.length === 0)
  }
}

interface Ended {
  readonly file: string
  /** Its own and those of the suites around it. */
  readonly titles: readonly string[]
  readonly state: string
}

function titlesOf(test: TestCase): readonly string[] {
  const titles = [test.name]
  for (let { parent } = test; parent.type === 'suite'; { parent } = parent) titles.push(parent.name)
  return titles
}

function verdictOf(promised: Promised, ended: readonly Ended[]): Verdict {
  const results = promised.tests.map((named) => {
    const { file, title } = named
    const files = filesRunning(named)
    const name = runtimeTitle(title)
    const runs = ended.filter((test) => files.includes(test.file) && test.titles.some((each) => name.test(each)))
    return { named: `${file}: ${title}`, passed: runs.filter(({ state }) => state === 'passed').length, runs: runs.length }
  })
  return {
    promised,
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    broken: results.filter(({ passed, runs }) => runs === 0 || passed < runs).map(({ named }) => named),
  }
}
