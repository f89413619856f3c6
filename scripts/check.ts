import { resolve } from 'node:path'
import { checks } from './checks/all.ts'
import { runScript } from './trouble.ts'

const root = resolve(import.meta.dirname, '..')

async function main(): Promise<number> {
  const results = await Promise.all(checks.map(async (check) => ({ name: check.name, findings: await check.run(root) })))
  for (const { name, findings } of results) {
    process.stdout.write(findings.length === 0 ? `✓ ${name}\n` : `✗ ${name}\n${findings.map((line) => `  ${line}\n`).join('')}`)
  }
  return results.some(({ findings }) => findings.length > 0) ? 1 : 0
}

await runScript(main)
