import { describe, expect, it, test } from 'vitest'
import { filesRunning, readPromises, runtimeTitle } from './threat-model.ts'

const TEXT = `# Threat model

## Web

- A cookie is \`Secure\`, and
  nobody reads it.
  - server/a.test.ts: says $kind: %s and (so)
  - server/b.test.ts: two
- Nothing else.
`

describe('a promise', () => {
  it('is read with its chapter, its further lines and its tests', () => {
    const tests = [
      { file: 'server/a.test.ts', title: 'says $kind: %s and (so)' },
      { file: 'server/b.test.ts', title: 'two' },
    ]
    expect(readPromises(TEXT)).toEqual([
      { heading: 'Web', line: 'A cookie is `Secure`, and nobody reads it.', tests },
      { heading: 'Web', line: 'Nothing else.', tests: [] },
    ])
  })
})

test.each([
  ['server/src/broker/a.test.ts', 1],
  ['server/testing/entries-suite.ts', 2],
])('%s is run by %i', (file, count) => {
  const files = filesRunning({ file, title: 'x' })
  expect(files).toHaveLength(count)
  for (const each of files) expect(each).toMatch(/\.test\.ts$/)
})

describe('a title', () => {
  it.each([
    ['says %s and (so)', 'says "x" and (so)', true],
    ['says %s and (so)', 'says "x" and so', false],
    ['two', 'two more', false],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a test's title has it
    ['a ${kind} of', 'a good kind of', true],
  ])('%j is the test %j: %s', (title, name, same) => {
    expect(runtimeTitle(title).test(name)).toBe(same)
  })
})
