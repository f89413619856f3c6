import { join } from 'node:path'
import { checkOauthClients } from '../config/load.ts'
import { findPreset, listPresets, nearestPreset } from '../config/presets.ts'
import type { Preset, PresetVariable } from '../domain/preset.ts'
import { CliError, type Context, EXIT, print, type Run, table } from './command.ts'
import { serverUid } from './config-check.ts'

/** `preset list`: the known providers, by name. */
export const runPresetList: Run = async ({ options }, context) => {
  const presets = listPresets()
  if (options.json) {
    print(context, JSON.stringify({ presets }, undefined, 2))
    return EXIT.ok
  }
  const rows = presets.map(({ id, name, variables }) => [
    id,
    name,
    variables.map((variable) => `preset-${variable.name}`).join(' '),
  ])
  print(context, table([['NAME', 'PROVIDER', 'VARIABLES'], ...rows]))
  return EXIT.ok
}

/** `preset show NAME`: what an administrator does to set one up. */
export const runPresetShow: Run = async ({ options, positionals: [name = ''] }, context) => {
  const preset = findPreset(name.toLowerCase())
  if (!preset) {
    throw new CliError(`There is no preset ${JSON.stringify(name)}.`, { action: nearestPreset(name) })
  }
  const redirectUri = `${(await publicUrlOf(context)) ?? '<public-url>'}/oauth_redirect_callback`
  const steps = preset.steps.map((step) => step.replaceAll('{redirect-uri}', redirectUri))
  const section = sectionOf(preset)
  if (options.json) print(context, JSON.stringify({ ...preset, steps, redirectUri, section }, undefined, 2))
  else print(context, textOf({ ...preset, steps }, redirectUri, section))
  return EXIT.ok
}

/** Undefined when there is no right `benchkey.conf`, or one that the caller may not read. */
async function publicUrlOf(context: Context): Promise<string | undefined> {
  const { configDir, dataDir } = context
  const nothing = { file: join(configDir, 'oauth-clients.conf'), bytes: Buffer.alloc(0) }
  return (await checkOauthClients({ configDir, dataDir, uid: serverUid(context) }, nothing)).publicUrl
}

/** Ready to paste: what nobody can know is left as the words that say what it is. */
function sectionOf({ id, name, variables, options }: Preset): string {
  const lines = variables.map((variable) => `preset-${variable.name}=${variable.default ?? variable.example}`)
  const secret = options['token-endpoint-auth-method'] === 'none' ? [] : ['client-secret=your-client-secret']
  return [`[${id}]`, `name=${name}`, `preset=${id}`, ...lines, 'client-id=your-client-id', ...secret].join('\n')
}

function textOf(preset: Preset, redirectUri: string, section: string): string {
  const { id, name, source, register, steps, variables, options, quirks } = preset
  const facts = [
    ['Documentation', source],
    ...(register === undefined ? [] : [['Register at', register]]),
    ['Redirect URI', redirectUri],
  ]
  const parts = [
    `${name} (preset=${id})`,
    table(facts),
    listOf(
      'Steps',
      steps.map((step, index) => `${index + 1}. ${plain(step)}`),
    ),
    listOf('Variables', variables.map(variableLine)),
    listOf(
      'Peculiar there',
      quirks.map((quirk) => `- ${plain(quirk)}`),
    ),
    listOf(
      'What it brings (a line of your own wins)',
      Object.entries(options).map(([option, value]) => `${option}=${value}`),
    ),
    `For oauth-clients.conf:\n\n${section}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function listOf(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function variableLine({ name, meaning, example, default: otherwise, choices }: PresetVariable): string {
  const values = choices.length > 0 ? `One of ${choices.join(', ')}` : `Such as ${example}`
  return `preset-${name}: ${plain(meaning)} ${values}${otherwise === undefined ? '' : `; ${otherwise} when not written`}.`
}

/** Without the marks for pages. */
function plain(text: string): string {
  return text.replace(/\*\*|`/g, '')
}
