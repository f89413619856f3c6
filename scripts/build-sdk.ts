// Builds the package of the TypeScript client: `npm run build --workspace @benchkey/sdk`, then `npm pack ./sdk/typescript/dist`.
import { resolve } from 'node:path'
import { buildSdk } from './sdk-package.ts'
import { runScript } from './trouble.ts'

await runScript(async () => {
  const root = resolve(import.meta.dirname, '..')
  await buildSdk(root, resolve(root, 'sdk/typescript/dist'))
  return 0
})
