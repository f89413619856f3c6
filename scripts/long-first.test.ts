import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { longFiles, longFirst } from './long-first.ts'

const root = resolve(import.meta.dirname, '..')

test('test files that take long begin, the others stay in their order', () => {
  const [longest = '', next = ''] = longFiles.map((name) => join(root, name))
  expect(longFirst(['/z', next, '/a', longest], (path) => path, root)).toEqual([longest, next, '/z', '/a'])
})

test('every test file that is known to take long is there', () => {
  expect(longFiles.filter((name) => !existsSync(join(root, name)))).toEqual([])
})
