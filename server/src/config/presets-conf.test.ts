import { describe, expect, test } from 'vitest'
import { readPresets } from './presets-conf.ts'

const acme = (...lines: readonly string[]): string =>
  ['[acme]', 'title=Acme', 'source=https://acme.example/docs', ...lines, ''].join('\n')

describe('presets.conf', () => {
  test('is read with everything a preset has', () => {
    const text = acme(
      ...['# Why.', 'register=https://{tenant}.acme.example/apps', 'step-1=Do this.', 'step-2=Do that.', 'quirk-1=It is odd.'],
      ...['variable-tenant=Whose it is.', 'variable-tenant-is=label', 'variable-tenant-example=contoso'],
      ...['variable-zone=Where it is.', 'variable-zone-label=Time zone', 'variable-zone-is=eu, us'],
      ...['variable-zone-example=eu', 'variable-zone-default=us'],
      ...['refresh-scopes=offline', 'scopes=read offline', 'token-url=https://{tenant}.acme.example/{zone}/token'],
    )
    expect(readPresets(Buffer.from(text))).toEqual([
      {
        ...{ id: 'acme', name: 'Acme', source: 'https://acme.example/docs', register: 'https://{tenant}.acme.example/apps' },
        ...{ steps: ['Do this.', 'Do that.'], quirks: ['It is odd.'], refreshScopes: ['offline'] },
        variables: [
          { name: 'tenant', label: 'Tenant', meaning: 'Whose it is.', kind: 'label', choices: [], example: 'contoso' },
          {
            ...{ name: 'zone', label: 'Time zone', meaning: 'Where it is.', kind: 'choice', choices: ['eu', 'us'] },
            ...{ example: 'eu', default: 'us' },
          },
        ],
        options: { scopes: 'read offline', 'token-url': 'https://{tenant}.acme.example/{zone}/token' },
      },
    ])
  })

  test('gives one preset what another has, but for what it says itself', () => {
    const text = `${acme('step-1=Do this.', 'quirk-1=It is odd.', 'scopes=read', 'token-url=https://acme.example/t')}
[acme-files]
like=acme
title=Acme Files
quirk-1=It is odder.
scopes=files
`
    expect(readPresets(Buffer.from(text))[1]).toMatchObject({
      ...{ id: 'acme-files', name: 'Acme Files', source: 'https://acme.example/docs', steps: ['Do this.'] },
      ...{ quirks: ['It is odd.', 'It is odder.'], options: { scopes: 'files', 'token-url': 'https://acme.example/t' } },
    })
  })

  test('is in order of the names people know', () => {
    const text = `${acme()}\n[zebra]\ntitle=abacus\nsource=https://zebra.example/\n`
    expect(readPresets(Buffer.from(text)).map(({ id }) => id)).toEqual(['zebra', 'acme'])
  })

  test.each([
    ['an option before the first preset', 'title=Acme\n', 1],
    ['a line that is none', acme('step'), 4],
    ['a header that nobody could write after preset=', '[Acme Files]\ntitle=x\n', 1],
    ['a preset twice', `${acme()}\n${acme()}`, 5],
    ['no title', '[acme]\nsource=https://acme.example/\n', 1],
    ['no source', '[acme]\ntitle=Acme\n', 1],
    ['a source that is no page', '[acme]\ntitle=Acme\nsource=acme.example\n', 3],
    ['a place to register that is no page', acme('register=http://acme.example/'), 4],
    ['a likeness to a preset that stands below', '[acme]\ntitle=Acme\nlike=box\n', 3],
    ['an option twice', acme('scopes=read', 'scopes=write'), 5],
    ['an option without a value', acme('scopes='), 4],
    ['steps out of order', acme('step-1=Do this.', 'step-3=Do that.'), 5],
    ['a variable without an example', acme('variable-tenant=Whose it is.', 'variable-tenant-is=label'), 5],
    ['a variable that nobody explains', acme('variable-tenant-is=label', 'variable-tenant-example=contoso'), 5],
    ['a variable of an unknown kind', acme('variable-a=A.', 'variable-a-is=host', 'variable-a-example=b'), 6],
    ['an example that the variable refuses', acme('variable-a=A.', 'variable-a-is=label', 'variable-a-example=b/c'), 6],
    [
      'a default that the variable refuses',
      acme('variable-a=A.', 'variable-a-is=x, y', 'variable-a-example=x', 'variable-a-default=z'),
      7,
    ],
  ])('is refused for %s, with its line', (_what, text, line) => {
    expect(() => readPresets(Buffer.from(text))).toThrow(new RegExp(`^presets\\.conf:${line}: This line `))
  })
})
