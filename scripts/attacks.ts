import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { startVitest } from 'vitest/node'
import { AttacksReporter, type Verdict } from './attacks-reporter.ts'
import { buildExtension } from './extension.ts'
import { buildPages } from './pages.ts'
import { installMissing, needs } from './system-packages.ts'
import { filesRunning, readPromises } from './threat-model.ts'
import { runScript, step, Trouble } from './trouble.ts'

const root = resolve(import.meta.dirname, '..')

/** Plays every attack that docs/threat-model.md names, and says of each promise whether it holds. Arguments: parts of chapter names. */
async function main(): Promise<number> {
  const wanted = process.argv.slice(2).map((part) => part.toLowerCase())
  const all = readPromises(readFileSync(resolve(root, 'docs/threat-model.md'), 'utf8'))
  const promises = all.filter(({ heading }) => wanted.length === 0 || wanted.some((part) => heading.toLowerCase().includes(part)))
  const tests = promises.flatMap((promised) => promised.tests)
  if (tests.length === 0) {
    const chapters = [...new Set(all.map(({ heading }) => heading))].join(', ')
    throw new Trouble(`No chapter of docs/threat-model.md is called "${wanted.join(' ')}"; there are: ${chapters}.`, 2)
  }
  installMissing(Object.values(needs))
  buildPages(root)
  const files = [...new Set(tests.flatMap(filesRunning))]
  await buildExtension(root)
  step(`Playing the attacks behind ${promises.length} promises, from ${files.length} files …`)
  const reporter = new AttacksReporter(promises, root)
  const vitest = await startVitest('test', files, {
    ...{ root, run: true, watch: false },
    reporters: ['dot' as const, reporter],
  })
  await vitest.close()
  process.stdout.write(`\n${table(reporter.verdicts)}`)
  return reporter.allHold ? 0 : 1
}

/** One line a promise, under the headings of the threat model; the tests of a broken one below it. */
function table(verdicts: readonly Verdict[]): string {
  let heading = ''
  const lines = verdicts.flatMap(({ promised, passed, broken }) => {
    const above = promised.heading === heading ? [] : ['', promised.heading]
    heading = promised.heading
    const line = `${broken.length === 0 ? '✓' : '✗'} ${promised.line} (${passed} ${passed === 1 ? 'test' : 'tests'})`
    return [...above, line, ...broken.map((test) => `    ${test}`)]
  })
  const holding = verdicts.filter(({ broken }) => broken.length === 0).length
  return `${lines.join('\n')}\n\n${holding} of ${verdicts.length} promises hold.\n`
}

await runScript(main)
