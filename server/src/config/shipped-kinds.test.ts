import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Findings } from './diagnostics.ts'
import { readOptions } from './option-table.ts'
import { SESSION_OPTIONS } from './session-options.ts'
import { SHIPPED_KINDS } from './shipped-kinds.ts'

const PAGE = readFileSync(new URL('../../../docs/sessions.md', import.meta.url), 'utf8')
const VARIANTS = SHIPPED_KINDS.flatMap(({ section, variants }) => variants.map((options) => ({ section, options })))

/** A kind as it would stand in the file. */
function asIni(section: string, options: Readonly<Record<string, string>>): string {
  return [`[${section}]`, ...Object.entries(options).map(([name, value]) => `${name}=${value}`)].join('\n')
}

describe('the shipped kinds of session', () => {
  test.each(VARIANTS)('are right by the table of options: $section, $options.name', ({ section, options }) => {
    const findings = new Findings('shipped')
    const written = Object.entries(options).map(([name, value]) => ({ name, value, line: 1 }))
    const context = { configDir: '/', allowsLoopback: false }
    readOptions(SESSION_OPTIONS, written, { context, findings, section, spoilt: new Set() })
    expect(findings.inOrder()).toEqual([])
  })

  test.each(VARIANTS)('stand in docs/sessions.md as they are: $section, $options.name', ({ section, options }) => {
    expect(PAGE).toContain(`\n${asIni(section, options)}\n`)
  })

  test.each(['jupyter.sh', 'rstudio.sh'])('start with scripts that a shell understands: %s', (name) => {
    execFileSync('/bin/sh', ['-n', new URL(`../applications/${name}`, import.meta.url).pathname])
  })
})
