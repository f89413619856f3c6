import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOURCE = 'sdk/typescript'

/** What a package that was built needs of the one it is built from. */
interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly license: string
  readonly type: string
  readonly engines: Readonly<Record<string, string>>
}

/** tsc leaves `./x.ts` in declarations, which older compilers do not look for beside `x.d.ts`. */
function nameJavaScript(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"))
  }
}

/**
 * Builds the TypeScript client into `folder` (emptied before), complete to be packed or published: JavaScript for Node 20 and
 * newer, types, README, licence, and a manifest that names them. In the checkout itself the client runs from its source.
 */
export async function buildSdk(root: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', join(root, SOURCE, 'tsconfig.build.json'), '--outDir', folder])
  nameJavaScript(folder)
  const { name, version, description, keywords, license, type, engines } = JSON.parse(
    readFileSync(join(root, SOURCE, 'package.json'), 'utf8'),
  ) as Manifest
  const exports = { '.': { types: './index.d.ts', default: './index.js' } }
  const manifest = { name, version, description, keywords, license, type, engines, exports, types: './index.d.ts' }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, sideEffects: false }, undefined, 2)}\n`)
  cpSync(join(root, SOURCE, 'README.md'), join(folder, 'README.md'))
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
}
