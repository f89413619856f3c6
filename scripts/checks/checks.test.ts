import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checks } from './all.ts'

const root = resolve(import.meta.dirname, '../..')

describe('the checkout', () => {
  test.each(checks)('passes the check "$name"', { timeout: 120_000 }, async (check) => {
    expect(await check.run(root)).toEqual([])
  })
})

/** One violation of each rule, in a file of its own, and what its check must say about it. */
const planted: readonly { check: string; rule: string; path: string; code: string; says: RegExp }[] = [
  {
    check: 'types',
    rule: 'wrong type',
    path: 'server/src/domain/wrong-type.ts',
    code: `export const n: number = 'one'\n`,
    says: /wrong-type\.ts.*TS2322/,
  },
  {
    check: 'types',
    rule: 'unchecked index',
    path: 'server/src/domain/unchecked.ts',
    code: 'export const first = (list: readonly string[]): string => list[0]\n',
    says: /unchecked\.ts.*TS2322/,
  },
  {
    check: 'biome',
    rule: 'floating promise',
    path: 'server/src/http/floating.ts',
    code: 'const save = async (): Promise<number> => 1\nexport function go(): void {\n  save()\n}\n',
    says: /floating\.ts.*noFloatingPromises/,
  },
  {
    check: 'biome',
    rule: 'default export',
    path: 'server/src/http/exports-default.ts',
    code: 'export default 1\n',
    says: /exports-default\.ts.*noDefaultExport/,
  },
  {
    check: 'biome',
    rule: 'any',
    path: 'server/src/http/says-any.ts',
    code: 'export const value = (x: any): string => String(x)\n',
    says: /says-any\.ts.*noExplicitAny/,
  },
  {
    check: 'biome',
    rule: 'non-null assertion',
    path: 'server/src/http/non-null.ts',
    code: 'export const value = (x: string | undefined): string => x!\n',
    says: /non-null\.ts.*noNonNullAssertion/,
  },
  {
    check: 'biome',
    rule: 'file name',
    path: 'server/src/http/camelCase.ts',
    code: 'export const value = 1\n',
    says: /camelCase\.ts.*useFilenamingConvention/,
  },
  {
    check: 'biome',
    rule: 'format',
    path: 'server/src/http/unformatted.ts',
    code: 'export const value = "1";\n',
    says: /unformatted\.ts.*format/,
  },
  {
    check: 'house',
    rule: 'domain imports a module of Node',
    path: 'server/src/domain/reads.ts',
    code: `import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync\n`,
    says: /domain-imports-nothing.*reads\.ts/,
  },
  {
    check: 'house',
    rule: 'arrow upward',
    path: 'server/src/store/upward.ts',
    code: `import { door } from '../http/door.ts'\n\nexport const up = door\n`,
    says: /store-imports-domain-only.*upward\.ts/,
  },
  {
    check: 'house',
    rule: 'arrow sideways',
    path: 'server/src/oauth/sideways.ts',
    code: `import type { Row } from '../store/row.ts'\n\nexport type Side = Row\n`,
    says: /oauth-imports-domain-only.*sideways\.ts/,
  },
  {
    check: 'house',
    rule: 'broker reaches a door',
    path: 'server/src/broker/reaches.ts',
    code: `import { door } from '../http/door.ts'\n\nexport const up = door\n`,
    says: /broker-imports-floors-below.*reaches\.ts/,
  },
  {
    check: 'house',
    rule: 'a door round the lock',
    path: 'server/src/http/round-the-lock.ts',
    code: `import type { Row } from '../store/row.ts'\n\nexport type Side = Row\n`,
    says: /http-imports-broker-and-domain.*round-the-lock\.ts/,
  },
  {
    check: 'house',
    rule: 'a door runs SDK code',
    path: 'server/src/http/runs-sdk.ts',
    code: `import { client } from '../../../sdk/typescript/src/client.ts'\n\nexport const value = client\n`,
    says: /http-imports-sdk-types-only.*runs-sdk\.ts/,
  },
  {
    check: 'house',
    rule: 'a terminal that knows the server',
    path: 'server/src/terminal/knows-server.ts',
    code: `import type { Row } from '../store/row.ts'\n\nexport type Side = Row\n`,
    says: /terminal-imports-nothing-of-ours.*knows-server\.ts/,
  },
  {
    check: 'house',
    rule: 'a command with back stairs',
    path: 'server/src/cli/back-stairs.ts',
    code: `import type { Row } from '../store/row.ts'\n\nexport type Side = Row\n`,
    says: /cli-imports-config-domain-sdk.*back-stairs\.ts/,
  },
  {
    check: 'house',
    rule: 'the proxy beside the keys',
    path: 'server/src/proxy/reads-rows.ts',
    code: `import type { Row } from '../store/row.ts'\n\nexport type Route = Row\n`,
    says: /proxy-imports-domain-and-tools-of-the-doors.*reads-rows\.ts/,
  },
  {
    check: 'house',
    rule: 'hostile traffic in the server',
    path: 'server/src/http/uses-proxy.ts',
    code: `import { relay } from '../proxy/relay.ts'\n\nexport const value = relay\n`,
    says: /nobody-imports-the-proxy.*uses-proxy\.ts/,
  },
  {
    check: 'house',
    rule: 'product imports its tests',
    path: 'server/src/login/uses-testing.ts',
    code: `import { fake } from '../../testing/fake.ts'\n\nexport const value = fake\n`,
    says: /src-never-imports-testing.*uses-testing\.ts/,
  },
  {
    check: 'house',
    rule: 'the pages import the server',
    path: 'web/src/uses-server.ts',
    code: `import type { Row } from '../../server/src/store/row.ts'\n\nexport type Side = Row\n`,
    says: /web-imports-sdk-only.*uses-server\.ts/,
  },
  {
    check: 'house',
    rule: 'the extension imports the server',
    path: 'vscode/src/uses-server.ts',
    code: `import type { Row } from '../../server/src/store/row.ts'\n\nexport type Side = Row\n`,
    says: /vscode-imports-sdk-only.*uses-server\.ts/,
  },
  {
    check: 'house',
    rule: 'the SDK imports the server',
    path: 'sdk/typescript/src/uses-server.ts',
    code: `import type { Row } from '../../../server/src/store/row.ts'\n\nexport type Side = Row\n`,
    says: /sdk-imports-nothing.*uses-server\.ts/,
  },
  {
    check: 'house',
    rule: 'circle',
    path: 'server/src/broker/circle.ts',
    code: `import { self } from './circle-back.ts'\n\nexport const value = self\n`,
    says: /no-circles.*circle/,
  },
  {
    check: 'house',
    rule: 'orphan',
    path: 'server/src/broker/orphan.ts',
    code: 'export const value = 1\n',
    says: /no-orphans.*orphan\.ts/,
  },
  {
    check: 'unused',
    rule: 'unused file',
    path: 'server/src/broker/nobody-uses.ts',
    code: 'export const value = 1\n',
    says: /nobody-uses\.ts/,
  },
  {
    check: 'length',
    rule: 'long function',
    path: 'server/src/broker/long-function.ts',
    code: `export function long(): void {\n${'  void 0\n'.repeat(70)}}\n`,
    says: /long-function\.ts:1: a function has 72 lines/,
  },
  {
    check: 'length',
    rule: 'long file',
    path: 'server/src/broker/long-file.ts',
    code: 'export const value = 1\n'.repeat(400),
    says: /long-file\.ts:1: the file has 400 lines/,
  },
  {
    check: 'environment',
    rule: 'process.env',
    path: 'server/src/config/env.ts',
    code: 'export const home = process.env.HOME\n',
    says: /env\.ts:1: process\.env/,
  },
  {
    check: 'effects',
    rule: 'clock',
    path: 'server/src/oauth/clock.ts',
    code: 'export const now = (): number => Date.now()\n',
    says: /clock\.ts:1: Date\.now/,
  },
  {
    check: 'effects',
    rule: 'present instant',
    path: 'server/src/oauth/present.ts',
    code: 'export const now = (): Date => new Date()\n',
    says: /present\.ts:1: the present/,
  },
  {
    check: 'effects',
    rule: 'timer',
    path: 'server/src/broker/timer.ts',
    code: 'export const wait = (f: () => void): void => void setTimeout(f, 1)\n',
    says: /timer\.ts:1: setTimeout/,
  },
  {
    check: 'effects',
    rule: 'time limit',
    path: 'server/src/oauth/limit.ts',
    code: 'export const limit = (): AbortSignal => AbortSignal.timeout(1)\n',
    says: /limit\.ts:1: AbortSignal\.timeout/,
  },
  {
    check: 'effects',
    rule: 'module state',
    path: 'server/src/broker/state.ts',
    code: 'const seen = new Map<string, string>()\nexport const see = (x: string) => seen.set(x, x)\n',
    says: /state\.ts:1: a module keeps no state/,
  },
  {
    check: 'words',
    rule: 'empty words in a string',
    path: 'web/src/words.tsx',
    code: `export const Words = () => <p title="Ready">Oops, try again</p>\n`,
    says: /words\.tsx:1: "Oops"/,
  },
  {
    check: 'words',
    rule: 'empty words in a template',
    path: 'server/src/http/words.ts',
    code: `export const say = (x: string): string => \`invalid \${x}\`\n`,
    says: /words\.ts:1: "invalid"/,
  },
  {
    check: 'docstrings',
    rule: 'no sentence',
    path: 'server/src/broker/no-sentence.ts',
    code: 'export const value = 1\n',
    says: /no-sentence\.ts:1: the exported value/,
  },
  {
    check: 'tests',
    rule: 'a test that does not run',
    path: 'server/src/broker/skipped.test.ts',
    code: `import { test } from 'vitest'\n\ntest.${'skip'}('later', () => {})\n`,
    says: /skipped\.test\.ts:3: test\.skip/,
  },
  {
    check: 'tests',
    rule: 'an expectation that cannot fail',
    path: 'server/src/broker/cannot-fail.test.ts',
    code: `import { expect, test } from 'vitest'\n\ntest('nothing', () => {\n  expect(${true}).toBe(true)\n})\n`,
    says: /cannot-fail\.test\.ts:4/,
  },
  {
    check: 'paths',
    rule: 'a path of one machine',
    path: 'docs/path.md',
    code: `See /${'home'}/somebody/benchkey\n`,
    says: /path\.md:1: a path of one machine/,
  },
  {
    check: 'unfinished',
    rule: 'unfinished word',
    path: 'server/src/broker/unfinished.ts',
    code: `// TO${''}DO: the rest\n`,
    says: /unfinished\.ts:1/,
  },
  {
    check: 'lockfile',
    rule: 'download address',
    path: 'package-lock.json',
    code: `{\n  "resolved": "https://registry.example/x.tgz"\n}\n`,
    says: /package-lock\.json:2/,
  },
  {
    check: 'barrels',
    rule: 'barrel',
    path: 'server/src/broker/index.ts',
    code: `export * from './circle.ts'\n`,
    says: /index\.ts: no barrels/,
  },
  {
    check: 'posit-clients',
    rule: 'a posit-sdk client that nothing holds',
    path: 'examples/python/loose.py',
    code: 'from posit.workbench import Client\n\nprint(Client().oauth.integrations.find())\n',
    says: /loose\.py:3: posit-sdk needs its client in a variable/,
  },
  {
    check: 'documentation',
    rule: 'a block that hides from the tests',
    path: 'docs/hidden.md',
    code: '```bash\nls\n```\n',
    says: /hidden\.md:1: write `sh`/,
  },
  {
    check: 'documentation',
    rule: 'a mark without a reason',
    path: 'docs/unexplained.md',
    code: '<!-- not run: -->\n```sh\nls\n```\n',
    says: /unexplained\.md:2: "not run:" must say why/,
  },
  {
    check: 'documentation',
    rule: 'a link that leads nowhere',
    path: 'docs/lost.md',
    code: 'See [here](hidden.md), [there](../nowhere.md#part) and [elsewhere](https://example.com/nowhere.md).\n',
    says: /^docs\/lost\.md:1: there is no \.\.\/nowhere\.md$/m,
  },
  {
    check: 'documentation',
    rule: 'an example that nobody explains',
    path: 'examples/shell/unlisted.sh',
    code: '#!/bin/sh\n',
    says: /^examples\/shell\/unlisted\.sh: examples\/README\.md has no line/m,
  },
  {
    check: 'documentation',
    rule: 'an example that is not run for no reason',
    path: 'examples/shell/unmarked.sh',
    code: '#!/bin/sh\n# not run:\n',
    says: /^examples\/shell\/unmarked\.sh: "not run:" must say why/m,
  },
  {
    check: 'house',
    rule: 'an example uses what is not published',
    path: 'examples/typescript/inside.ts',
    code: `import { door } from '../../server/src/http/door.ts'\n\nexport const value = door\n`,
    says: /examples-import-sdk-only.*inside\.ts/,
  },
]

/** What the planted files lean on. */
const ground: Readonly<Record<string, string>> = {
  'server/src/bin.ts': `import './http/door.ts'\n`,
  'server/src/http/door.ts': 'export const door = 1\n',
  'server/src/store/row.ts': 'export type Row = string\n',
  'server/src/proxy/relay.ts': 'export const relay = 1\n',
  'server/testing/fake.ts': 'export const fake = 1\n',
  'server/src/broker/circle-back.ts': `import { value } from './circle.ts'\n\nexport const self: unknown = () => value\n`,
  'sdk/typescript/src/client.ts': 'export const client = 1\n',
  'web/src/main.tsx': 'export const main = 1\n',
}

describe('a planted violation', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'benchkey-checks-'))
  const findings = new Map<string, readonly string[]>()

  beforeAll(async () => {
    for (const name of ['package.json', 'tsconfig.json', 'biome.json', 'knip.json', '.dependency-cruiser.cjs', '.gitignore']) {
      cpSync(join(root, name), join(scratch, name))
    }
    for (const name of ['server', 'web', 'vscode', 'sdk/typescript'])
      cpSync(join(root, name, 'package.json'), join(scratch, name, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
    for (const [path, code] of [...Object.entries(ground), ...planted.map(({ path, code }) => [path, code] as const)]) {
      mkdirSync(dirname(join(scratch, path)), { recursive: true })
      writeFileSync(join(scratch, path), code)
    }
    for (const check of checks) findings.set(check.name, await check.run(scratch))
  }, 120_000)

  afterAll(() => rmSync(scratch, { recursive: true }))

  test.each(planted)('against "$check" is reported: $rule', ({ check, says }) => {
    expect((findings.get(check) ?? []).filter((line) => says.test(line))).not.toEqual([])
  })

  test('is there for every check', () => {
    expect([...new Set(planted.map(({ check }) => check))].sort()).toEqual(checks.map(({ name }) => name).sort())
  })
})
