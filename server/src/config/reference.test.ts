import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { OptionTable } from './option-table.ts'
import { CONFIGURATION_REFERENCE } from './reference.ts'

const PAGE = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
const REQUIRED = { true: 'yes', false: 'no', 'one-of': 'one of the two' } as const

function tableOf(options: OptionTable): string {
  const rows = Object.entries(options).map(([name, row]) => {
    const required = REQUIRED[`${row.required}`]
    return `| \`${name}\` | ${required} | ${row.default ?? '–'} | ${row.meaning} | \`${row.example}\` |`
  })
  return ['| option | required | default | meaning | example |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

describe('the configuration reference', () => {
  test.each(Object.entries(CONFIGURATION_REFERENCE))('lists the options of %s and no others', (_file, table) => {
    expect(PAGE).toContain(tableOf(table))
  })

  test('holds one table for each file', () => {
    expect(PAGE.match(/^\| option \| required /gm)).toHaveLength(Object.keys(CONFIGURATION_REFERENCE).length)
  })

  test.each(Object.values(CONFIGURATION_REFERENCE).flatMap((table) => Object.entries(table)))(
    'has an example of %s that is accepted',
    (_name, row) => {
      expect(row.parse(row.example, { configDir: '/etc/benchkey', allowsLoopback: false })).toHaveProperty('value')
    },
  )

  test('gives a default for every option that is not required', () => {
    const optional = Object.values(CONFIGURATION_REFERENCE)
      .flatMap((table) => Object.values(table))
      .filter(({ required }) => required === false)
    expect(optional.filter((row) => row.default === undefined)).toEqual([])
  })
})
