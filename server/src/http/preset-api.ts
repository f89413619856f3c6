import type { PagePreset, PagePresets, PagePresetVariable } from '@benchkey/sdk/configuration-pages'
import type { FastifyInstance } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { Preset, PresetVariable } from '../domain/preset.ts'

/** What the API of the known providers needs. */
interface PresetApiParts {
  readonly broker: Broker
  readonly redirectUri: string
}

/** `GET /presets` (sdk/typescript/src/configuration-pages.ts): the known providers. */
export function registerPresetApi(app: FastifyInstance, { broker, redirectUri }: PresetApiParts): void {
  app.get('/presets', async (): Promise<PagePresets> => {
    return { presets: broker.presets.list().map((preset) => pagePresetOf(preset, redirectUri)) }
  })
}

function pagePresetOf({ variables, steps, ...preset }: Preset, redirectUri: string): PagePreset {
  return {
    ...preset,
    steps: steps.map((step) => step.replaceAll('{redirect-uri}', redirectUri)),
    variables: variables.map(pageVariableOf),
  }
}

function pageVariableOf({ kind, choices, ...variable }: PresetVariable): PagePresetVariable {
  return { ...variable, ...(kind === 'choice' ? { choices } : {}) }
}
