import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { auditActionWords } from './audit-words.ts'

const PAGE = readFileSync(new URL('../../docs/data-dictionary.md', import.meta.url), 'utf8')

describe('the words of the filter of the audit', () => {
  it('are there for every action, each with words of its own', () => {
    const table = (PAGE.split('#### Actions')[1] ?? '').split(/\n#{2,3} /)[0] ?? ''
    const actions = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    )
    expect(actions).toContain('configuration.undone')
    const words = actions.map(auditActionWords)
    expect(words.filter((each, index) => each === actions[index])).toEqual([])
    expect(new Set(words.map((each) => each.replace(/ \(.*/, ''))).size).toBe(actions.length)
  })

  it('end with the name that lines and exports have, and are that alone where there are none', () => {
    expect(auditActionWords('login.refused')).toBe('Log-in refused (login.refused)')
    expect(auditActionWords('new.thing')).toBe('new.thing')
  })
})
