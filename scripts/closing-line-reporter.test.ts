import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'benchkey-closing-'))
  symlinkSync(resolve(import.meta.dirname, '../node_modules'), join(dir, 'node_modules'))
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(dir, 'run.ts'),
    `import { startVitest } from 'vitest/node'
import { ClosingLineReporter } from ${JSON.stringify(join(import.meta.dirname, 'closing-line-reporter.ts'))}
const closing = new ClosingLineReporter()
const vitest = await startVitest('test', [], { root: ${JSON.stringify(dir)}, config: false, run: true, reporters: [closing] })
await vitest.close()
console.log(JSON.stringify([closing.closingLine, closing.hasFailed]))
process.exit(0)
`,
  )
})

afterEach(() => rmSync(dir, { recursive: true }))

/** Runs vitest over one file with this text; answers the closing line and whether the run failed. */
function closingLineOf(text: string): Promise<unknown> {
  writeFileSync(join(dir, 'some.test.ts'), `import { beforeAll, describe, expect, test } from 'vitest'\n${text}`)
  return new Promise((answer, reject) => {
    execFile(process.execPath, [join(dir, 'run.ts')], { cwd: dir }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr))
      else answer(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''))
    })
  })
}

const passing = `test('a', () => {})\n`
const failing = `test('b', () => { expect(1).toBe(2) })\n`

describe('the closing line', () => {
  test.each([
    { what: 'passing tests', text: `${passing}describe('d', () => { ${passing} })`, line: '2 passed, 0 failed', failed: false },
    { what: 'a failing test', text: passing + failing, line: '1 passed, 1 failed', failed: true },
    {
      what: 'a test that was left out',
      text: `${passing}test.${'skip'}('c', () => {})`,
      line: '1 passed, 0 failed, 1 skipped',
      failed: false,
    },
    {
      what: 'a file that cannot be imported',
      text: `import './missing.ts'\n${passing}`,
      line: '0 passed, 1 failed',
      failed: true,
    },
    {
      what: 'an error outside every test',
      text: `test('a', async () => { void Promise.reject(new Error('lost')); await new Promise((go) => setImmediate(go)) })`,
      line: '1 passed, 1 failed',
      failed: true,
    },
    { what: 'no test at all', text: '', line: '0 passed, 1 failed', failed: true },
  ])('tells of $what', async ({ text, line, failed }) => {
    expect(await closingLineOf(text)).toEqual([line, failed])
  })

  test('tells of a hook that failed, and of the tests that never ran', async () => {
    const [line, failed] = Object.values(
      (await closingLineOf(`describe('d', () => { beforeAll(() => { throw new Error('no') }); ${passing} })`)) ?? {},
    )
    expect(line).toMatch(/^0 passed, [12] failed(, 1 skipped)?$/)
    expect(failed).toBe(true)
  })
})
