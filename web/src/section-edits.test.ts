import type { PageFinding, PageOption, PageSection } from '@benchkey/sdk/configuration-pages'
import { describe, expect, it } from 'vitest'
import {
  changesAnything,
  editOf,
  filledIn,
  groupWords,
  proposedHeader,
  saidOf,
  shownValue,
  sortFindings,
  sortOptions,
  writtenOf,
} from './section-edits.ts'

const SECRETS = new Set(['client-secret'])
const BOX: Pick<PageSection, 'section' | 'options'> = {
  section: 'box',
  options: [
    { name: 'name', value: 'Box', isSecret: false },
    { name: 'client-secret', isSecret: true },
    { name: 'scopes', value: 'root_readwrite', isSecret: false },
  ],
}

describe('editOf', () => {
  it('holds what differs from the section, and no more', () => {
    const typed = { name: ' Box ', scopes: 'root_readonly', description: 'Files', 'min-ttl': '' }
    expect(editOf(BOX, 'box', typed, SECRETS)).toEqual({
      section: 'box',
      options: { scopes: 'root_readonly', description: 'Files' },
    })
  })

  it('removes what was emptied, but no secret by an empty field', () => {
    const typed = { scopes: ' ', 'client-secret': '' }
    expect(editOf(BOX, 'box', typed, SECRETS).options).toEqual({ scopes: null })
    expect(editOf(BOX, 'box', { 'client-secret': null }, SECRETS).options).toEqual({ 'client-secret': null })
  })

  it('takes a secret that was typed, without the blanks around it', () => {
    expect(editOf(BOX, 'box', { 'client-secret': ' s3cret ' }, SECRETS).options).toEqual({ 'client-secret': 's3cret' })
  })

  it('renames by another header', () => {
    expect(changesAnything(BOX, editOf(BOX, 'box', { name: 'Box' }, SECRETS))).toBe(false)
    expect(changesAnything(BOX, editOf(BOX, 'box-files', {}, SECRETS))).toBe(true)
  })

  it('holds everything of a new section', () => {
    expect(editOf(undefined, 'box', { name: 'Box', scopes: '' })).toEqual({ section: 'box', options: { name: 'Box' } })
  })
})

describe('saidOf', () => {
  it('is what was written when a secret was typed, and what the form itself changed since, without secrets', () => {
    const typed = { scopes: ' ', 'token-url': ' https://box.example/token ', 'client-secret': 's3cret' }
    expect(saidOf(writtenOf(BOX), typed, SECRETS)).toEqual({ name: 'Box', 'token-url': 'https://box.example/token' })
  })
})

describe('shownValue', () => {
  it('is what was typed, else what is written, and never a secret', () => {
    expect(shownValue(BOX, {}, 'name')).toBe('Box')
    expect(shownValue(BOX, { name: '' }, 'name')).toBe('')
    expect(shownValue(BOX, { name: null }, 'name')).toBe('')
    expect(shownValue(BOX, {}, 'client-secret')).toBe('')
  })
})

describe('proposedHeader', () => {
  it('makes a header of a name, one that is free', () => {
    expect(proposedHeader('Box API Access', [])).toBe('box-api-access')
    expect(proposedHeader('  Société (Générale)! ', [])).toBe('societe-generale')
    expect(proposedHeader('Box', ['box', 'box-2'])).toBe('box-3')
    expect(proposedHeader('…', [])).toBe('')
  })
})

describe('sortOptions', () => {
  const option = (name: string, isUsual: boolean, isRequired = false): PageOption => ({
    ...{ name, label: name, group: 'client', isUsual, isRequired, meaning: '', example: '', isSecret: false },
  })
  const options = [option('preset', true), option('name', true), option('token-url', true, true), option('scopes', false)]
  const names = (list: readonly PageOption[]): readonly string[] => list.map(({ name }) => name)

  it('shows usual options at once, those that the preset brings only where they are written', () => {
    expect(names(sortOptions(options, undefined, {}).atOnce)).toEqual(['name', 'token-url'])
    const sorted = sortOptions(options, BOX, { 'token-url': 'https://api.box.com/oauth2/token' })
    expect(names(sorted.atOnce)).toEqual(['name'])
    expect(names(sorted.more)).toEqual(['token-url', 'scopes'])
    const written = {
      section: 'box',
      options: [{ name: 'token-url', value: 'https://api.box.com/oauth2/token', isSecret: false }],
    }
    expect(names(sortOptions(options, written, { 'token-url': 'https://x' }).atOnce)).toEqual(['name', 'token-url'])
  })
})

describe('groupWords', () => {
  it('counts what a closed group would hide', () => {
    expect(groupWords({ set: 0, fromPreset: 0, findings: 0 })).toBe('')
    expect(groupWords({ set: 2, fromPreset: 1, findings: 1 })).toBe('2 set\u00a0· 1 from the preset\u00a0· 1 with a remark')
  })
})

describe('filledIn', () => {
  it('puts in what is known and leaves the rest', () => {
    const known = { 'redirect-uri': 'https://bench.example.com/cb', tenant: '' }
    expect(filledIn('Paste `{redirect-uri}` at {tenant}.', known)).toBe('Paste `https://bench.example.com/cb` at {tenant}.')
  })
})

describe('sortFindings', () => {
  it('knows those of the form from those of the rest of the file', () => {
    const finding = (message: string, place: Partial<PageFinding>): PageFinding => ({ severity: 'error', message, ...place })
    const sorted = sortFindings(
      [
        finding('a', { section: 'box', option: 'name' }),
        finding('b', { section: 'box-files' }),
        finding('c', { section: 'zoom', option: 'name' }),
        finding('d', {}),
      ],
      ['box', 'box-files'],
    )
    expect(sorted.byOption.get('name')?.map(({ message }) => message)).toEqual(['a'])
    expect(sorted.ofSection.map(({ message }) => message)).toEqual(['b'])
    expect(sorted.elsewhere.map(({ message }) => message)).toEqual(['c', 'd'])
  })

  it('puts what a preset misses to the field of the variable', () => {
    const message = 'needs preset-tenant beside it, such as preset-tenant=contoso.'
    const { byOption } = sortFindings([{ severity: 'error', section: 'box', option: 'preset', message }], ['box'])
    expect([...byOption.keys()]).toEqual(['preset-tenant'])
  })
})
