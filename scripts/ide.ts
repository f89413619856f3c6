import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { testIdeFolder } from '../server/testing/ide-folder.ts'
import { step, Trouble } from './trouble.ts'

/** Tests that run the real VS Code server. */
const IDE_TESTS = 'server/test/ide/**/*.test.ts'

/** What `npm test` was asked for. */
export interface Asked {
  /** Parts of file names; none = all. */
  readonly filters: readonly string[]
  readonly withIde: boolean
}

/** Reads the arguments of `npm test`. Throws Trouble for an option that it does not have. */
export function readArguments(args: readonly string[]): Asked {
  const options = args.filter((arg) => arg.startsWith('-'))
  const unknown = options.find((option) => option !== '--without-ide')
  if (unknown) throw new Trouble(`npm test has no option ${unknown}; there is --without-ide.`, 2)
  return { filters: args.filter((arg) => !arg.startsWith('-')), withIde: options.length === 0 }
}

/**
 * Has the VS Code server ready where tests that run it are chosen; it is kept outside of the checkout, and installed with its progress
 * shown when it is not there. Answers the patterns that vitest leaves out.
 */
export function prepareIde(root: string, { filters, withIde }: Asked): readonly string[] {
  const tests = globSync(IDE_TESTS, { cwd: root })
  if (!withIde) {
    step('Leaving out the tests in VS Code, server/test/ide (--without-ide).')
    return [IDE_TESTS]
  }
  if (!tests.some((test) => filters.length === 0 || filters.some((filter) => join(root, test).includes(filter)))) return []
  const words = [join(root, 'server/src/bin.ts'), 'ide', 'install', 'vscode', '--dir', testIdeFolder()]
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status === 0) return []
  throw new Trouble(
    'The VS Code server for the tests could not be installed, as said above. Without it: npm test -- --without-ide',
  )
}
