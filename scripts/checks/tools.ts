import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from './check.ts'

const HOUSE = ['server', 'sdk', 'web', 'vscode', 'scripts', 'bench', 'examples']

/** The type checker over the server's side, the pages and the extension. */
export const types: Check = {
  name: 'types',
  run: async (root) => {
    const projects = ['tsconfig.json', 'web/tsconfig.json', 'vscode/tsconfig.json'].filter((file) => existsSync(join(root, file)))
    const findings = await Promise.all(projects.map((file) => runTool(root, 'typescript/bin/tsc', ['-p', file])))
    return findings.flat()
  },
}

/** Biome: format and lint. */
export const biome: Check = {
  name: 'biome',
  run: (root) =>
    runTool(root, '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=500', '--reporter=concise']),
}

/** dependency-cruiser: who may import whom, no circles, no orphans. */
export const house: Check = {
  name: 'house',
  run: async (root) => {
    const present = HOUSE.filter((name) => existsSync(join(root, name)))
    const report = await runTool(root, 'dependency-cruiser/bin/dependency-cruiser.mjs', [
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      ...present,
    ])
    // The steps of a circle stand below it, indented; what follows the count is advice about TypeScript 7.
    const end = report.findIndex((line) => /^x \d+ dependency violations/.test(line))
    return end === -1 ? report : report.slice(0, end)
  },
}

/** knip: files, exports and packages that nothing uses. */
export const unused: Check = {
  name: 'unused',
  run: (root) => runTool(root, 'knip/bin/knip.js', ['--no-progress', '--treat-config-hints-as-errors']),
}

/** Runs a tool of node_modules on the pinned Node; its output by lines when it fails, nothing when it is content. */
function runTool(root: string, script: string, args: string[]): Promise<readonly string[]> {
  const node = join(root, 'node_modules/.bin/node')
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } }
  return new Promise((answer) => {
    execFile(node, [join(root, 'node_modules', script), ...args], options, (error, stdout, stderr) => {
      if (!error) return answer([])
      const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '')
      answer(lines.length > 0 ? lines : [`${script}: ${error.message}`])
    })
  })
}
