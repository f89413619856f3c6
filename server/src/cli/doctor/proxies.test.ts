import { expect, test } from 'vitest'
import { isExcepted } from './proxies.ts'

test.each([
  ['bench.corp.example', 'bench.corp.example', true],
  ['bench.corp.example', 'other.example, BENCH.corp.example', true],
  ['bench.corp.example', 'corp.example', true],
  ['bench.corp.example', '.corp.example', true],
  ['bench.corp.example', '*.corp.example', true],
  ['bench.corp.example', '*', true],
  ['bench.corp.example', 'bench.corp.example:8443', true],
  ['bench.corp.example', 'bench.corp.example:443', false],
  ['bench.corp.example', 'ench.corp.example', false],
  ['bench.corp.example', '', false],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.0.0.0/99', false],
  ['10.1.2.3', '.2.3', false],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['fe80::1', '[fe80::1]:8443', true],
  ['fe80::1', 'fe80::/10', true],
  ['::1', '::1', true],
  ['::1', '10.0.0.0/8', false],
])('%s with no_proxy=%j is excepted: %s', (host, noProxy, excepted) => {
  expect(isExcepted(host, '8443', noProxy)).toBe(excepted)
})
