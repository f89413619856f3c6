// Builds the pages and the VS Code extension: `npm run build`, and npm itself after each `npm ci`, so that `serve` and `ide install`
// work in any checkout.
import { resolve } from 'node:path'
import { buildExtension } from './extension.ts'
import { buildPages } from './pages.ts'
import { runScript } from './trouble.ts'

await runScript(async () => {
  const root = resolve(import.meta.dirname, '..')
  buildPages(root)
  await buildExtension(root)
  return 0
})
