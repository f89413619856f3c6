import { describe, expect, test } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import { chooseAccountParamsOf, type Parameters } from './integration.ts'

describe('the question which account is meant', () => {
  test.each<[string, readonly string[], Parameters, Parameters | undefined, Parameters]>([
    ['is asked of OpenID providers', ['openid', 'read'], [], undefined, [['prompt', 'login']]],
    ['goes beside what is prompted for anyway', ['openid'], [['prompt', 'consent']], undefined, [['prompt', 'login consent']]],
    ['is not asked of others', ['read'], [['prompt', 'consent']], undefined, []],
    ['is asked as configured', ['read'], [['prompt', 'consent']], [['prompt', 'select_account']], [['prompt', 'select_account']]],
    ['is not asked where the service knows nothing of it', ['openid'], [], [], []],
  ])('%s', (_what, scopes, authorizationParams, configured, asked) => {
    const choose = configured ? { chooseAccountParams: configured } : {}
    expect(chooseAccountParamsOf(integrationOf({ section: 'box', scopes, authorizationParams, ...choose }))).toEqual(asked)
  })
})
