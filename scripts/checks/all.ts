import type { Check } from './check.ts'
import { documentation } from './documentation.ts'
import { sourceRules } from './source-rules.ts'
import { textRules } from './text-rules.ts'
import { biome, house, types, unused } from './tools.ts'

/** Everything that `npm run check` checks, and `npm test` with it. */
export const checks: readonly Check[] = [types, biome, house, unused, ...sourceRules, ...textRules, documentation]
