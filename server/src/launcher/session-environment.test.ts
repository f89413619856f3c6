import { expect, test } from 'vitest'
import { sessionEnvironment } from './session-environment.ts'

test('the session environment names the server as both clients read it', () => {
  const facts = { publicUrl: 'https://bench.example/base', callbackAddress: 'https://bench.example:8443/base', sessionId: '0a1b' }
  expect(sessionEnvironment(facts)).toEqual({
    POSIT_PRODUCT: 'WORKBENCH',
    RSTUDIO_VERSION: '2026.01.0',
    RS_SERVER_ADDRESS: 'https://bench.example:8443/base',
    RS_SERVER_URL: 'https://bench.example/base/',
    RS_SESSION_URL: '/s/0a1b/',
    BENCHKEY_SERVER_ADDRESS: 'https://bench.example:8443/base',
    BENCHKEY_SERVER_URL: 'https://bench.example/base/',
    BENCHKEY_SESSION_URL: '/s/0a1b/',
  })
})
