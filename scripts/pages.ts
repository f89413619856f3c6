import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprintOf, isBuiltFrom } from './built-from.ts'
import { explainOutput, step, Trouble } from './trouble.ts'

const SOURCES = [
  'web/src/**/*',
  'web/public/**/*',
  'web/*.{html,ts,json}',
  'web/terminal/{src/*,*.*}',
  'sdk/typescript/src/**/*',
  'package-lock.json',
]

/** The pages of Benchkey, and the page of its terminal sessions. */
const PARTS = ['web', 'web/terminal']

/** Builds the pages unless they were built from exactly these sources; throws Trouble with the builder's words above it. */
export function buildPages(root: string): void {
  const stamp = join(root, 'web/dist/.built-from')
  const wanted = fingerprintOf(root, SOURCES)
  if (isBuiltFrom(stamp, wanted)) return
  step('Building the pages …')
  const node = join(root, 'node_modules/.bin/node')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  // NODE_ENV=development of the caller's would build the slow pages.
  const env = { ...process.env, NODE_ENV: 'production' }
  for (const part of PARTS) {
    const result = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd: join(root, part), env, encoding: 'utf8' })
    if (result.status === 0) continue
    const output = `${result.stdout}${result.stderr}`
    process.stderr.write(output)
    throw new Trouble(explainOutput(output) ?? 'The pages could not be built; the words of the builder are above.')
  }
  writeFileSync(stamp, wanted)
}
