import { createRequire } from 'node:module'

interface Builtin {
  'node:crypto': typeof import('node:crypto')
  'node:fs': typeof import('node:fs')
  'node:http': typeof import('node:http')
  'node:https': typeof import('node:https')
  'node:net': typeof import('node:net')
}

const load = createRequire(import.meta.url)

/**
 * One of Node's own modules, when it is needed. Not by `import`, which reads every export of it: that of `node:http` then loads
 * Node's WebSocket, that of `node:crypto` Web Crypto, and a program that asks for one token would spend half its time on it.
 */
export function builtin<N extends keyof Builtin>(name: N): Builtin[N] {
  return load(name) as Builtin[N]
}
