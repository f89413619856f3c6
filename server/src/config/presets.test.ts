import { describe, expect, test } from 'vitest'
import { OAUTH_CLIENTS_FILE, readSections } from '../../testing/read-sections.ts'
import { formatDiagnostic } from './diagnostics.ts'
import { OAUTH_CLIENT_OPTIONS } from './oauth-clients-options.ts'
import { PRESETS_ONLY } from './preset-options.ts'
import { findPreset, listPresets, presetOptions } from './presets.ts'

async function findingsOf(text: string): Promise<readonly string[]> {
  return (await readSections(text)).findings
    .inOrder()
    .map((finding) => formatDiagnostic(finding).replace(`${OAUTH_CLIENTS_FILE}:`, ''))
}

const section = (...lines: readonly string[]): string =>
  ['[known]', 'client-id=an-id', 'client-secret=a-secret', ...lines, ''].join('\n')

/** Says who the client is, where its secret lies or who may use it: no provider can know that. */
const NOBODY_ELSES = [
  'name',
  'client-id',
  'client-secret',
  'client-secret-file',
  'guid',
  'description',
  'previous-names',
  'enabled',
  'icon',
  'git-hosts',
  'preset',
]

describe('presets.conf', () => {
  test.each(listPresets().map((preset) => [preset.id, preset] as const))(
    'has in %s options that a section can have, without a finding',
    async (id, { variables, options }) => {
      const lines = variables.map(({ name, example }) => `preset-${name}=${example}`)
      const text = section(`preset=${id}`, ...lines)
      const isPublic = options['token-endpoint-auth-method'] === 'none'
      const { integrations, findings } = await readSections(isPublic ? text.replace('client-secret=a-secret\n', '') : text)
      expect(findings.inOrder()).toEqual([])
      expect(integrations[0]).toMatchObject({ preset: id, section: 'known' })
      expect(Object.keys(options).filter((option) => NOBODY_ELSES.includes(option))).toEqual([])
    },
  )

  test.each(listPresets().map((preset) => [preset.id, preset] as const))(
    'uses in %s every variable it has, and no other',
    (_id, { variables, options }) => {
      const used = new Set(
        [
          ...Object.values(options)
            .join(' ')
            .matchAll(/\{([a-z]+)\}/g),
        ].map(([, name]) => name),
      )
      expect([...used].toSorted()).toEqual(variables.map(({ name }) => name).toSorted())
    },
  )

  test('names its refresh scopes among the scopes of the preset', () => {
    for (const { options, refreshScopes } of listPresets()) {
      const scopes = options.scopes?.split(/[, ]+/) ?? []
      expect(refreshScopes.length === 0 || refreshScopes.some((scope) => scopes.includes(scope))).toBe(true)
    }
  })
})

describe('a section with a preset', () => {
  test('is filled in by it, and what is written wins', async () => {
    const text = section('preset=microsoft-entra', 'preset-tenant=contoso.com', 'scopes=User.Read offline_access')
    const { integrations, findings } = await readSections(text)
    expect(findings.inOrder()).toEqual([])
    expect(integrations).toMatchObject([
      {
        preset: 'microsoft-entra',
        authorizationUrl: 'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize',
        tokenUrl: 'https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token',
        scopes: ['User.Read', 'offline_access'],
      },
    ])
  })

  test.each([
    [
      'an unknown preset',
      ['preset=boks'],
      ['4: [known] preset: names no known preset. Did you mean box? benchkey preset list shows them all.'],
    ],
    [
      'a name no preset can have',
      [`preset=Box${'!'.repeat(100_000)}`],
      [expect.stringMatching(/^4: \[known\] preset: names no known preset\. .*shows them all\.$/)],
    ],
    ['no name', ['preset='], ['4: [known] preset: has no value; write one after the = or remove the line.']],
    [
      'a missing variable',
      ['preset=microsoft-entra'],
      [
        '4: [known] preset: needs preset-tenant beside it, such as preset-tenant=contoso.onmicrosoft.com. The directory (tenant) ID, or a domain of the tenant; `organizations` for every work or school account.',
      ],
    ],
    [
      'a mistyped variable',
      ['preset=microsoft-entra', 'preset-tenat=contoso.com', 'preset-tenant=a.example'],
      [
        '5: [known] preset-tenat: is not a variable of the preset microsoft-entra; it has preset-tenant. Did you mean preset-tenant?',
      ],
    ],
    [
      'a variable it has no use for',
      ['preset=box', 'preset-tenant=contoso.com'],
      ['5: [known] preset-tenant: is of no use: the preset box has no variables; remove the line.'],
    ],
    [
      'a variable twice',
      ['preset=microsoft-entra', 'preset-tenant=a.example', 'preset-tenant=b.example'],
      ['6: [known] preset-tenant: is written twice; it first stands in line 5. Keep one of the two.'],
    ],
    [
      'an empty variable',
      ['preset=microsoft-entra', 'preset-tenant='],
      ['5: [known] preset-tenant: has no value; write one such as contoso.onmicrosoft.com.'],
    ],
    ['scopes with another one that brings a refresh token', ['preset=salesforce', 'scopes=api offline_access'], []],
    [
      'scopes with none of those that bring a refresh token',
      ['preset=salesforce', 'scopes=full'],
      [
        '5: [known] scopes: does not name refresh_token or offline_access, without which this service gives no refresh token; people would sign in again each time.',
      ],
    ],
    [
      'a variable with a control character',
      ['preset=microsoft-entra', 'preset-tenant=a\u0001b'],
      ['5: [known] This line holds a control character; type the line anew.'],
    ],
    [
      'a name with a control character',
      ['preset=b\u0001x', 'preset-tenant=a.example'],
      ['4: [known] This line holds a control character; type the line anew.'],
    ],
    [
      'two presets',
      ['preset=box', 'preset=dropbox'],
      ['5: [known] preset: is written twice; it first stands in line 4. Keep one of the two.'],
    ],
    [
      'a variable without a name',
      ['preset=box', 'preset-=x'],
      ['5: [known] preset-: is not a known option. Did you mean preset?'],
    ],
    [
      'a variable whose name may be anything',
      ['preset=microsoft-entra', 'preset-tenant=a.example', 'preset-__proto__=x', 'preset-constructor=y'],
      [
        '6: [known] This option is not known (its name is not repeated: it may be part of a secret). The nearest known one is expires-in-path.',
        '7: [known] preset-constructor: is not a variable of the preset microsoft-entra; it has preset-tenant. Remove the line.',
      ],
    ],
    [
      'an option that changes nothing in its preset',
      ['preset=strava', 'access-token-path=/access_token'],
      ['5: [known] access-token-path: is where Benchkey looks anyway, so it changes nothing; remove the line.'],
    ],
    [
      'a parameter twice, in its own words and in its preset’s',
      ['preset=notion', 'audience=x', 'token-params=audience=y'],
      ['6: [known] token-params: names audience, which the option audience sends already; keep one of the two.'],
    ],
    [
      'an option of presets alone',
      ['preset=box', 'client-id-param=client_key'],
      ['5: [known] client-id-param: belongs to presets alone; remove the line.'],
    ],
    [
      'scopes without the one that brings a refresh token',
      ['preset=microsoft-entra', 'preset-tenant=a.example', 'scopes=User.Read'],
      [
        '6: [known] scopes: does not name offline_access, without which this service gives no refresh token; people would sign in again each time.',
      ],
    ],
  ])('that has %s is told so', async (_what, lines, findings) => {
    expect(await findingsOf(section(...lines))).toEqual(findings)
  })

  test('is told of a client that is missing beside a preset that is wrong, and of no URLs', async () => {
    expect(await findingsOf('[known]\npreset=boks\nclient-secret=a-secret\n')).toEqual([
      '1: [known] client-id: is missing; this section needs it.',
      expect.stringContaining('2: [known] preset: names no known preset.'),
    ])
  })

  test('that has a variable without a preset is told so', async () => {
    const urls = ['authorization-url=https://a.example/a', 'token-url=https://a.example/t']
    expect(await findingsOf(section(...urls, 'preset-tenant=contoso.com'))).toEqual([
      '6: [known] preset-tenant: stands without preset; write the preset it belongs to, or remove it.',
    ])
  })
})

describe('a variable', () => {
  const HOSTILE = [
    'evil.example/',
    'a@evil.example',
    'evil.example#',
    'evil.example?',
    'a\\b',
    '..',
    '.',
    'a b',
    'a%2fb',
    'ä',
    'a:b@c',

    '{a}',
  ]

  test.each(listPresets().flatMap((preset) => preset.variables.map((variable) => [preset.id, variable.name, variable] as const)))(
    'of %s cannot lead elsewhere: %s',
    (id, name, { kind }) => {
      const others = Object.fromEntries((findPreset(id)?.variables ?? []).map((variable) => [variable.name, variable.example]))
      // A server of one's own is a host, with a path if need be.
      const values = kind === 'server' ? HOSTILE.filter((value) => value !== 'evil.example/') : HOSTILE
      for (const value of values) {
        expect(presetOptions(id, { ...others, [name]: value }), value).toHaveProperty('problems')
      }
    },
  )

  test('leaves the host of every URL to the provider, but one of the kind server', () => {
    for (const { id, variables, options } of listPresets()) {
      const given = variables.filter(({ kind }) => kind === 'server' || kind === 'choice').map(({ name }) => name)
      for (const [option, value] of Object.entries(options)) {
        if (!option.endsWith('-url')) continue
        const host = (value.split('/')[2] ?? '').replace(/\{([a-z]+)\}/g, (all, name: string) =>
          given.includes(name) ? 'a.example' : all,
        )
        const free = /(^|\.)[a-z0-9-]+\.[a-z]+$/.test(host)
        expect(free, `${id} ${option} ${host}`).toBe(true)
      }
    }
  })
})

test('every option of presets is one of the reference or theirs alone', () => {
  const known = new Set([...Object.keys(OAUTH_CLIENT_OPTIONS), ...Object.keys(PRESETS_ONLY)])
  for (const { id, options } of listPresets()) {
    expect(
      Object.keys(options).filter((option) => !known.has(option)),
      id,
    ).toEqual([])
  }
})
