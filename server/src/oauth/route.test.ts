import { describe, expect, test } from 'vitest'
import type { CommonProxies } from '../domain/outgoing.ts'
import { routeOf } from './route.ts'

const proxyAt = (host: string) => ({ protocol: 'http', host, port: 3128 }) as const
const HTTPS = { ...proxyAt('proxy.example'), userName: 'u', password: 'p', option: 'HTTPS_PROXY', line: 2 }
const COMMON: CommonProxies = {
  http: { ...proxyAt('plain.example'), option: 'all_proxy', line: 1 },
  https: HTTPS,
  noProxy: [{ kind: 'domain', text: '.corp.example:8443', name: 'corp.example', port: 8443, option: 'no_proxy', line: 3 }],
}
const own = { file: 'oauth-clients.conf', option: 'proxy' }

describe('the way to a host', () => {
  test.each([
    ['directly where no proxy is configured', 'https://box.example', {}, { kind: 'direct', why: 'no proxy is configured' }],
    [
      'directly where there is a proxy for other URLs only',
      'http://localhost',
      { commonProxies: { https: HTTPS, noProxy: [] } },
      { kind: 'direct', why: 'no proxy is configured' },
    ],
    [
      'through the proxy of env-vars',
      'https://box.example',
      { commonProxies: COMMON },
      {
        kind: 'proxy',
        proxy: { ...proxyAt('proxy.example'), userName: 'u', password: 'p' },
        why: 'HTTPS_PROXY of env-vars',
        place: { file: 'env-vars', option: 'HTTPS_PROXY', line: 2 },
      },
    ],
    [
      'through another one for http',
      'http://localhost:81',
      { commonProxies: COMMON },
      {
        kind: 'proxy',
        proxy: proxyAt('plain.example'),
        why: 'all_proxy of env-vars',
        place: { file: 'env-vars', option: 'all_proxy', line: 1 },
      },
    ],
    [
      'directly to what no_proxy names',
      'https://git.corp.example:8443',
      { commonProxies: COMMON },
      {
        kind: 'direct',
        why: 'no_proxy names .corp.example:8443',
        place: { file: 'env-vars', option: 'no_proxy', line: 3 },
      },
    ],
    [
      'through its own proxy, whatever env-vars says',
      'https://git.corp.example:8443',
      { commonProxies: COMMON, proxy: proxyAt('own.example') },
      { kind: 'proxy', proxy: proxyAt('own.example'), why: 'the option proxy of the integration', place: own },
    ],
    [
      'directly with proxy=none, whatever env-vars says',
      'https://box.example',
      { commonProxies: COMMON, proxy: 'none' },
      { kind: 'direct', why: 'proxy=none', place: own },
    ],
  ] as const)('%s', (_what, url, way, route) => {
    expect(routeOf(new URL(url), way)).toEqual(route)
  })

  test('has the usual port of its URL', () => {
    const noProxy = [443, 80].map(
      (port) => ({ kind: 'pattern', text: `*:${port}`, pattern: '*', port, option: 'no_proxy', line: 1 }) as const,
    )
    const kinds = ['https://a.example', 'http://a.example', 'https://a.example:80', 'http://a.example:81'].map(
      (url) => routeOf(new URL(url), { commonProxies: { ...COMMON, noProxy } }).kind,
    )
    expect(kinds).toEqual(['direct', 'direct', 'direct', 'proxy'])
  })
})
