import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runBenchkey } from '../../testing/command-line.ts'
import { usageOf } from './arguments.ts'
import { EXIT } from './command.ts'
import { COMMANDS, COMMON_OPTIONS } from './commands.ts'

const PAGE = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')

/** What stands below each heading of commands, by the usage lines in the heading. */
const sections = PAGE.split(/^### /m)
  .map((section) => section.split(/^#{2,3} /m)[0] ?? '')
  .flatMap((section) => {
    const [heading = ''] = section.split('\n', 1)
    return [...heading.matchAll(/`(benchkey [^`]*)`/g)].map(([, usage = '']) => ({ usage, text: section.slice(heading.length) }))
  })

describe('the command reference', () => {
  test('has a heading for every command, with all its options, and for nothing else', () => {
    expect(sections.map(({ usage }) => usage).sort()).toEqual(COMMANDS.map(usageOf).sort())
  })

  test.each(COMMANDS.map((spec) => [spec.name, spec] as const))('says what %s and its options do', (_name, spec) => {
    const text = sections.find(({ usage }) => usage === usageOf(spec))?.text ?? ''
    expect(text.trim().length).toBeGreaterThan(40)
    // The rules on top explain --json for all.
    for (const option of Object.keys(spec.options).filter((each) => each !== 'json')) expect(text).toContain(`--${option}`)
  })

  test('explains the options of every command', () => {
    const rules = PAGE.split('## In a session')[0] ?? ''
    for (const option of Object.keys(COMMON_OPTIONS)) expect(rules).toContain(`\`--${option}`)
  })

  test('has the exit codes, as help exit-codes has them', async () => {
    const inPage = [...PAGE.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => code)
    const { stdout } = await runBenchkey(['help', 'exit-codes'])
    const inHelp = [...stdout.matchAll(/^(\d+) {2,}\S/gm)].map(([, code]) => code)
    expect(inPage).toEqual(Object.values(EXIT).map(String))
    expect(inHelp).toEqual(inPage)
  })
})
