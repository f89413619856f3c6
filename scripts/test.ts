import { resolve } from 'node:path'
import { configDefaults } from 'vitest/config'
import { startVitest } from 'vitest/node'
import { ClosingLineReporter } from './closing-line-reporter.ts'
import { buildExtension } from './extension.ts'
import { prepareIde, readArguments } from './ide.ts'
import { buildPages } from './pages.ts'
import { installMissing, needs } from './system-packages.ts'
import { runScript, step } from './trouble.ts'

const root = resolve(import.meta.dirname, '..')

const closing = new ClosingLineReporter()

/** Runs everything; arguments are parts of file names, to run only those, and --without-ide. */
async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2))
  installMissing(Object.values(needs))
  buildPages(root)
  await buildExtension(root)
  const exclude = [...configDefaults.exclude, ...prepareIde(root, asked)]
  step('Running the tests …')
  const options = { root, run: true, watch: false, reporters: ['default' as const, closing], exclude }
  const vitest = await startVitest('test', [...asked.filters], options)
  await vitest.close()
  return closing.hasFailed ? 1 : 0
}

await runScript(main, () => `${closing.closingLine}\n`)
