import { describe, expect, test } from 'vitest'
import { nearest, resolveIntegration } from './names.ts'
import type { WireIntegration } from './wire.ts'

const box = integration('0b0c0000-0000-5000-8000-000000000001', 'box-integration', 'Box API Access')
const lab = integration('0b0c0000-0000-5000-8000-000000000002', 'lab', 'Ärzte Lab')
const twin = integration('0b0c0000-0000-5000-8000-000000000003', 'lab-2', 'ärzte lab')

function integration(uid: string, name: string, display_name: string): WireIntegration {
  return {
    type: 'custom',
    uid,
    name,
    display_name,
    client_id: 'c',
    auth_url: 'https://a.example/authorize',
    token_url: 'https://a.example/token',
    scopes: [],
    issuer: 'https://a.example',
    authenticated: true,
    state: 'signed_in',
    label: 'Signed in',
    explanation: '',
    action: '',
  }
}

describe('resolveIntegration', () => {
  test('finds a section by a name it had before, which a section of that name outdoes', () => {
    const renamed = { ...lab, previous_names: ['box-integration', 'labor'] }
    expect(resolveIntegration([box, renamed], 'labor')).toBe(renamed)
    expect(resolveIntegration([renamed, box], 'box-integration')).toBe(box)
  })

  test.each([
    ['box-integration', box],
    ['BOX-INTEGRATION', box],
    ['box api access', box],
    [' Box API Access ', box],
    ['0B0C0000-0000-5000-8000-000000000001', box],
    ['ÄRZTE LAB', lab],
    ['A\u0308RZTE LAB', lab],
  ])('finds %j by section, display name in any case, or ID', (asked, found) => {
    expect(resolveIntegration([box, lab], asked)).toBe(found)
  })

  test('prefers the section to a display name that reads the same', () => {
    const other = integration('0b0c0000-0000-5000-8000-000000000009', 'other', 'lab')
    expect(resolveIntegration([other, lab], 'lab')).toBe(lab)
  })

  test('names both integrations that carry one display name', () => {
    expect(() => resolveIntegration([box, lab, twin], 'ärzte lab')).toThrow(
      `"ärzte lab" is the name of several integrations. Use the section or the ID: lab (${lab.uid}) or lab-2 (${twin.uid}).`,
    )
  })

  test('names the nearest to a typo', () => {
    expect(() => resolveIntegration([box, lab], 'box-integraton')).toThrow(
      'There is no integration "box-integraton" for you on this server. IDs differ between servers. Did you mean "box-integration"? See yours with: benchkey integrations.',
    )
  })

  test('repeats nothing a terminal would act on', () => {
    expect(() => resolveIntegration([box], 'x\u001b]0;y\u0007')).toThrow('"x?]0;y?"')
  })
})

describe('nearest', () => {
  test.each([
    ['tokne', ['token', 'serve'], 'token'],
    ['Box', ['Box API Access', 'Salesforce'], 'Box API Access'],
    ['zebra', ['token', 'serve'], undefined],
    ['', ['token'], undefined],
  ])('of %j', (typed, candidates, expected) => {
    expect(nearest(typed, candidates)).toBe(expected)
  })
})
