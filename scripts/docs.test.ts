import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findBlocks, findUnmarked, isForOperators, runBlock, withoutVariables } from './docs.ts'

const scratch = mkdtempSync(join(tmpdir(), 'benchkey-docs-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describe('blocks of the documentation', () => {
  const page = [
    '# Page',
    '',
    '```sh',
    'echo one',
    '```',
    '',
    '<!-- not run: needs root -->',
    '',
    '```python',
    'print(1)',
    '```',
    '```ini',
    'a=b',
    '```',
  ]

  test('are found with their line, and only where the language is one that runs', () => {
    expect(findBlocks('page.md', page.join('\n'))).toEqual([
      { file: 'page.md', line: 3, language: 'sh', code: 'echo one' },
      { file: 'page.md', line: 9, language: 'python', code: 'print(1)', notRun: 'needs root' },
    ])
  })

  test('print what the text block right below them says, and no other', () => {
    const [one, other] = findBlocks('page.md', '```sh\na\n```\n\n```text\nb\nc\n```\n```sh\nd\n```\nWords.\n```text\ne\n```\n')
    expect(one?.prints).toBe('b\nc')
    expect(other).toEqual({ file: 'page.md', line: 9, language: 'sh', code: 'd' })
  })

  test('that call ./benchkey belong to whoever runs the server, the others to a session', () => {
    const isOperators = (text: string) => findBlocks('page.md', text).map(isForOperators)
    expect(isOperators('```sh\n./benchkey user list\n```\n```sh\nbenchkey token demo\n```\n')).toEqual([true, false])
  })

  test('are compared without what is new each time', () => {
    const printed = 'W7DPV-BAPPU-NCQKW-FLJ22 on 2026-11-23 at https://localhost:9443\n'
    expect(withoutVariables(printed)).toBe('PASSWORD on DATE at https://localhost:PORT')
    expect(withoutVariables(`${'a-_Z'.repeat(11).slice(1)}\n`)).toBe('TOKEN')
    expect(withoutVariables('bc932902-83a0-5c78-adac-7de91b37fa35  Signed in')).toBe(
      'bc932902-83a0-5c78-adac-7de91b37fa35  Signed in',
    )
  })

  test('may be excused by a visible line too', () => {
    expect(findBlocks('page.md', '_not run: it would stop the server_\n```sh\nreboot\n```\n')[0]?.notRun).toBe(
      'it would stop the server',
    )
  })

  test('are not excused by a mark further up', () => {
    expect(findBlocks('page.md', '<!-- not run: why -->\n```sh\na\n```\n```sh\nb\n```\n').map((block) => block.notRun)).toEqual([
      'why',
      undefined,
    ])
    expect(findBlocks('page.md', '<!-- not run: why -->\nWords.\n```sh\na\n```\n')[0]?.notRun).toBeUndefined()
  })

  test('are reported when they have a spelling the tests would not see, no reason, or no end', () => {
    expect(findUnmarked('page.md', page.join('\n'))).toEqual([])
    expect(findUnmarked('page.md', '```shell\na\n```\n<!-- not run: -->\n```r\n1\n```\n```sh\nx\n')).toEqual([
      'page.md:5: "not run:" must say why',
      'page.md:1: write `sh` instead of `shell`, so that the tests run the block',
      'page.md: the last block is not closed',
    ])
  })

  const environment = { prefix: [], cwd: scratch, variables: { WORD: 'seen' } }
  test.each([
    { language: 'sh' as const, code: 'echo "$WORD"' },
    { language: 'python' as const, code: 'import os\nprint(os.environ["WORD"])' },
    { language: 'r' as const, code: 'cat(Sys.getenv("WORD"), "\\n", sep = "")' },
    { language: 'ts' as const, code: 'const word: string = String(process.env.WORD)\nconsole.log(word)' },
  ])('run in $language with the variables of their environment', async ({ language, code }) => {
    expect(await runBlock({ file: 'page.md', line: 1, language, code }, environment, scratch)).toEqual({
      exitCode: 0,
      output: 'seen\n',
    })
  })

  test('answer a failing exit code when any line of a shell block fails', async () => {
    const block = { file: 'page.md', line: 1, language: 'sh' as const, code: 'false\necho on' }
    expect(await runBlock(block, environment, scratch)).toEqual({ exitCode: 1, output: '' })
  })

  test('run behind the prefix of their environment', async () => {
    const block = { file: 'page.md', line: 1, language: 'sh' as const, code: 'echo "$EXTRA"' }
    const behindEnv = { ...environment, prefix: ['/usr/bin/env', 'EXTRA=there'] }
    expect((await runBlock(block, behindEnv, scratch)).output).toBe('there\n')
  })
})
