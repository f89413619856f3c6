import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { prepareIde, readArguments } from './ide.ts'

const root = resolve(import.meta.dirname, '..')

test('npm test takes parts of file names, and --without-ide before or after them', () => {
  expect(readArguments(['config', 'store'])).toEqual({ filters: ['config', 'store'], withIde: true })
  expect(readArguments(['config', '--without-ide'])).toEqual({ filters: ['config'], withIde: false })
  expect(() => readArguments(['--without-idea'])).toThrow('npm test has no option --without-idea; there is --without-ide.')
})

test('without the IDE its tests are left out, with it nothing is', () => {
  expect(prepareIde(root, { filters: [], withIde: false })).toEqual(['server/test/ide/**/*.test.ts'])
  expect(prepareIde(root, { filters: ['server/src/config/'], withIde: true })).toEqual([])
})
