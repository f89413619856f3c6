import { describe, expect, test } from 'vitest'
import { OAUTH_CLIENT_OPTIONS } from './oauth-clients-options.ts'
import { isHidden, OPTION_FORM } from './option-form.ts'
import type { OptionTable } from './option-table.ts'

const TABLE: OptionTable = OAUTH_CLIENT_OPTIONS

describe('the form of the options', () => {
  test('has every option of a section', () => {
    expect(Object.keys(TABLE).filter((option) => !Object.hasOwn(OPTION_FORM, option))).toEqual([])
  })

  test('offers exactly the choices that the file takes', () => {
    const context = { configDir: '/etc/benchkey', allowsLoopback: false }
    for (const [option, { parse }] of Object.entries(TABLE)) {
      const takesAny = 'value' in parse('something', context)
      for (const choice of OPTION_FORM[option]?.choices ?? []) {
        expect([option, choice, parse(choice, context)]).toEqual([option, choice, { value: expect.anything() }])
        expect([option, takesAny]).toEqual([option, false])
      }
      const problem = parse('something', context)
      const words =
        'problem' in problem ? /^is not a known (?:method|redirect URI|PKCE method|separator)/.test(problem.problem) : false
      if (words) expect([option, OPTION_FORM[option]?.choices]).toEqual([option, expect.any(Array)])
    }
  })

  test('hides secrets, and what may be one', () => {
    expect(['client-secret', 'client-secret-next', 'client-secrt', '__proto__', 'x y'].filter((each) => !isHidden(each))).toEqual(
      [],
    )
    expect(['client-id', 'scopes', 'preset-tenant', 'client-secret-file'].filter(isHidden)).toEqual([])
  })
})
