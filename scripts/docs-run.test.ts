import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedProvider, startScriptedProvider } from '../server/testing/scripted-provider.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
} from '../server/testing/start-server.ts'
import { projectFiles } from './checks/files.ts'
import { type BlockEnvironment, findBlocks, isForOperators, runBlock, withoutVariables } from './docs.ts'
import { signIn } from './sign-in.ts'

const root = resolve(import.meta.dirname, '..')
/** Derived from the section headers, as on every server. */
const GUIDS = { demo: 'bc932902-83a0-5c78-adac-7de91b37fa35', 'box-integration': '4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1' }
// README.md is run by a test of its own, against a whole `npm start`.
const blocks = projectFiles(root)
  .filter(({ path }) => /^(?:[^/]+|docs\/.*|examples\/README|sdk\/[^/]+\/README)\.md$/.test(path) && path !== 'README.md')
  .flatMap(({ path, text }) => findBlocks(path, text))
  .filter((block) => block.notRun === undefined)

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess
let operators: BlockEnvironment
let session: BlockEnvironment

beforeAll(async () => {
  provider = await startScriptedProvider({ accessTokenSeconds: 3600 })
  files = await prepareServer({ oauthClients: Object.keys(GUIDS).map(section).join('\n') })
  server = await startInProcess(files)
  const password = randomBytes(12).toString('hex')
  const added = await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${password}\n`)
  expect(added).toMatchObject({ code: 0 })
  for (const uid of Object.values(GUIDS)) await signIn(files, { name: 'demo', password }, uid)
  const variables = { BENCHKEY_CONFIG_DIR: files.configDir, BENCHKEY_DATA_DIR: files.dataDir }
  operators = { prefix: [], cwd: root, variables }
  session = { ...operators, prefix: [join(root, 'benchkey'), 'session', 'run', '--user', 'demo', '--'] }
})

afterAll(async () => {
  await server.close()
  await provider.close()
  removeFiles(files)
})

function section(name: string): string {
  return `[${name}]
name=${name === 'demo' ? 'Demo API' : 'Box API Access'}
client-id=docs
client-secret=${randomBytes(12).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
}

describe('code in the documentation, where the user is signed in', () => {
  test('is there', () => expect(blocks.length).toBeGreaterThan(0))

  test.each(blocks)('runs: $file:$line', async (block) => {
    const scratch = join(root, 'test-output/docs')
    const { exitCode, output } = await runBlock(block, isForOperators(block) ? operators : session, scratch)
    expect(exitCode, output).toBe(0)
    if (block.prints !== undefined) expect(withoutVariables(output)).toBe(withoutVariables(block.prints))
  })
})
