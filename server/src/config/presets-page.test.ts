import { expect, test } from 'vitest'
import type { Preset, PresetVariable } from '../domain/preset.ts'
import { listPresets } from './presets.ts'

/*
 * docs/presets.md is made of presets.conf: `npm run vitest -- run presets-page -u` writes it anew.
 */

const INTRODUCTION = `# Presets

A preset is what Benchkey knows of a provider. A section of \`oauth-clients.conf\` that names one needs little more than the client:

\`\`\`ini
[graph]
name=Microsoft Graph
preset=microsoft-graph
preset-tenant=contoso.onmicrosoft.com
client-id=your-client-id
client-secret=your-client-secret
scopes=User.Read, Files.Read, offline_access
\`\`\`

- What is written in the section wins over what the preset brings, line by line. Scopes are nearly always your own to choose.
- Variables are written as \`preset-<name>\`. One without a default has to be written.
- \`benchkey preset list\` names all presets, \`benchkey preset show NAME\` tells how one is set up, with your own redirect URI.
- Presets come with Benchkey; an update may correct one, and CHANGELOG.md says so. To be free of that, copy the options below into
  the section and leave \`preset\` out.

Below, \`{redirect-uri}\` stands for the redirect URI, \`<public-url>/oauth_redirect_callback\`
([which one exactly](configuration.md#the-redirect-uri-to-register)), and \`{name}\` for the variable \`preset-<name>\`.
`

function pageOf(presets: readonly Preset[]): string {
  const list = presets.map(({ id, name }) => `| [${name}](#${anchorOf(name)}) | \`${id}\` |`)
  return [INTRODUCTION, ['| provider | preset |', '|---|---|', ...list, ''].join('\n'), ...presets.map(sectionOf)].join('\n')
}

function sectionOf({ id, name, source, register, steps, variables, options, quirks, refreshScopes }: Preset): string {
  const where =
    register === undefined ? '' : register.includes('{') ? ` Register at \`${register}\`.` : ` [Register](${register}).`
  const scopes = refreshScopes.map((scope) => `\`${scope}\``).join(' or ')
  const parts = [
    `## ${name}`,
    `\`preset=${id}\`, after [the provider’s documentation](${source}).${where}`,
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    variableTable(variables),
    [...quirks, ...(scopes === '' ? [] : [`Without ${scopes} in \`scopes\` there is no refresh token.`])]
      .map((quirk) => `- ${quirk}`)
      .join('\n'),
    ['```ini', ...Object.entries(options).map(([option, value]) => `${option}=${value}`), '```'].join('\n'),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function variableTable(variables: readonly PresetVariable[]): string {
  if (variables.length === 0) return ''
  const rows = variables.map(({ name, meaning, example, choices, default: otherwise }) => {
    const values = choices.length > 0 ? choices : [example]
    const written = otherwise === undefined ? 'has to be written' : `\`${otherwise}\``
    return `| \`preset-${name}\` | ${meaning} | ${values.map((value) => `\`${value}\``).join(', ')} | ${written} |`
  })
  return [`| variable | meaning | values | default |`, '|---|---|---|---|', ...rows].join('\n')
}

/** As Markdown makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

test('the page of presets tells what presets.conf holds', async () => {
  await expect(pageOf(listPresets())).toMatchFileSnapshot('../../../docs/presets.md')
})
