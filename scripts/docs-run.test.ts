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
import { type BlockEnvironment, findBlocks, runBlock } from './docs.ts'
import { signIn } from './sign-in.ts'

const root = resolve(import.meta.dirname, '..')
const GUIDS = { demo: '4c1cfecb-1927-4f19-bc2f-d8ac261364e0', 'box-integration': '0b6f3f0c-6a54-4a0e-9d6c-0d4d7a3f5c11' }
const blocks = projectFiles(root)
  .filter(({ path }) => /^(?:[^/]+|docs\/.*)\.md$/.test(path))
  .flatMap(({ path, text }) => findBlocks(path, text))
  .filter((block) => block.notRun === undefined)

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess
let environment: BlockEnvironment

beforeAll(async () => {
  provider = await startScriptedProvider({ accessTokenSeconds: 3600 })
  files = await prepareServer({ oauthClients: Object.entries(GUIDS).map(section).join('\n') })
  server = await startInProcess(files)
  const password = randomBytes(12).toString('hex')
  const added = await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${password}\n`)
  expect(added).toMatchObject({ code: 0 })
  for (const uid of Object.values(GUIDS)) await signIn(files, { name: 'demo', password }, uid)
  environment = {
    prefix: [join(root, 'benchkey'), 'session', 'run', '--user', 'demo', '--'],
    cwd: root,
    variables: { BENCHKEY_CONFIG_DIR: files.configDir, BENCHKEY_DATA_DIR: files.dataDir },
  }
})

afterAll(async () => {
  await server.close()
  await provider.close()
  removeFiles(files)
})

function section([name, guid]: readonly [string, string]): string {
  return `[${name}]
name=${name === 'demo' ? 'Demo API' : 'Box API Access'}
guid=${guid}
client-id=docs
client-secret=${randomBytes(12).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
}

describe('code in the documentation, in a session of a user who is signed in', () => {
  test('is there', () => expect(blocks.length).toBeGreaterThan(0))

  test.each(blocks)('runs: $file:$line', async (block) => {
    const scratch = join(root, 'test-output/docs')
    const { exitCode, output } = await runBlock(block, environment, scratch)
    expect(exitCode, output).toBe(0)
  })
})
