// Builds the pages: `npm run build`, and npm itself after each `npm ci`, so that `serve` works in any checkout.
import { resolve } from 'node:path'
import { buildPages } from './pages.ts'
import { runScript } from './trouble.ts'

await runScript(async () => {
  buildPages(resolve(import.meta.dirname, '..'))
  return 0
})
