import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BoxStandIn, LISTING, startBoxStandIn } from '../server/testing/box-stand-in.ts'
import { makeCertificates } from '../server/testing/certificates.ts'
import { type Finished, fakeRpc, startProcess, untilTestEnds } from '../server/testing/command-line.ts'
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
import { INTERPRETERS } from './docs.ts'
import { findExamples } from './examples.ts'
import { signIn } from './sign-in.ts'

const root = resolve(import.meta.dirname, '..')
const examples = findExamples(projectFiles(root)).filter(({ notRun }) => notRun === undefined)
const listing = examples.filter(({ path }) => /list.folder/.test(path))
const uploading = examples.filter(({ path }) => /upload/.test(path))
/** Derived from the section header, as in the examples. */
const BOX = '4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1'
const NOT_SIGNED_IN =
  'You are not signed in to Box API Access. Sign in at https://b.example/sign-in/box-integration, then run this again.'

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess
let box: BoxStandIn
let file: string

beforeAll(async () => {
  provider = await startScriptedProvider({ accessTokenSeconds: 3600 })
  box = await startBoxStandIn()
  const section = `[box-integration]
name=Box API Access
client-id=examples
client-secret=${randomBytes(12).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
  files = await prepareServer({ oauthClients: section })
  server = await startInProcess(files)
  const password = randomBytes(12).toString('hex')
  expect(await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${password}\n`)).toMatchObject({ code: 0 })
  await signIn(files, { name: 'demo', password }, BOX)
  file = join(files.dir, 'year 2026.csv')
  writeFileSync(file, 'a;b\n1;ü\n')
})

afterAll(async () => {
  await server.close()
  await Promise.all([provider.close(), box.close()])
  removeFiles(files)
})

/** R writes what is beyond ASCII only where the language is known. */
const addresses = (): Record<string, string> => ({ BOX_API: box.url, BOX_UPLOAD: box.url, LANG: 'C.UTF-8' })

/** Runs a program as its reader would, in a session of the user who is signed in. */
function runInSession(words: readonly string[]): Promise<Finished> {
  const session = [join(root, 'benchkey'), 'session', 'run', '--user', 'demo', '--']
  const directories = { BENCHKEY_CONFIG_DIR: files.configDir, BENCHKEY_DATA_DIR: files.dataDir }
  return startProcess([...session, ...words], { ...directories, ...addresses() }, { cwd: root }).finished
}

function wordsOf({ path, language }: (typeof examples)[number]): string[] {
  return [...INTERPRETERS[language].command, join(root, path)]
}

describe('an example', () => {
  test('is there in every language, both to list and to upload', () => {
    for (const group of [listing, uploading]) {
      expect(group.map(({ language }) => language).sort()).toEqual(['python', 'r', 'sh', 'ts'])
    }
    expect(examples).toHaveLength(listing.length + uploading.length)
  })

  test.each(listing)('lists a folder with a valid token: $path', async (example) => {
    box.tokens.length = 0
    const { code, stdout, stderr } = await runInSession(wordsOf(example))
    expect(code, stderr).toBe(0)
    // The shell has no reader of JSON: it prints the reply, of the first page.
    if (example.language === 'sh') expect(JSON.parse(stdout)).toMatchObject({ entries: [{ name: 'reports' }, { size: 1204 }] })
    else expect(stdout).toBe(LISTING)
    const { stdout: token } = await runInSession(['benchkey', 'token', 'box-integration'])
    expect(box.tokens).toEqual(Array(example.language === 'sh' ? 1 : 2).fill(token.trim()))
  })

  test.each(uploading)('uploads a file: $path', async (example) => {
    box.uploads.length = 0
    const { code, stdout, stderr } = await runInSession([...wordsOf(example), file, '17'])
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('uploaded year 2026.csv\n')
    expect(box.uploads).toEqual([{ name: 'year 2026.csv', folder: '17', content: 'a;b\n1;ü\n' }])
  })

  describe('against a server that is played', () => {
    /** The variables and the cookie file of a session there. */
    async function session(token: object): Promise<{ variables: Record<string, string>; asked: () => unknown[] }> {
      const leaf = await makeCertificates(join(files.dir, 'played'))
      const list = { providers: [{ integrations: [{ uid: BOX, name: 'box-integration', display_name: 'Box API Access' }] }] }
      const played = await untilTestEnds(fakeRpc(leaf, ({ path }) => ({ body: path === '/oauth_token' ? token : list })))
      writeFileSync(join(files.dir, 'rpc_cookie'), 'a|b|c\n')
      const variables = {
        RS_SERVER_ADDRESS: played.address,
        PWB_SESSION_RUNTIME_DIR: files.dir,
        REQUESTS_CA_BUNDLE: leaf.caFile,
        CURL_CA_BUNDLE: leaf.caFile,
        PATH: `${root}:${process.env.PATH}`,
        ...addresses(),
      }
      const asked = (): unknown[] =>
        played.seen.flatMap(({ path, body }) => (path === '/oauth_token' ? [(body as { kwparams: unknown }).kwparams] : []))
      return { variables, asked }
    }

    test.each(examples)('says why there is no token, and fails: $path', async (example) => {
      const { variables } = await session({ error: NOT_SIGNED_IN, code: 'not_signed_in' })
      const more = uploading.includes(example) ? [file] : []
      const { code, stdout, stderr } = await startProcess([...wordsOf(example), ...more], variables).finished
      expect(code).not.toBe(0)
      expect(stdout).toBe('')
      expect(stderr.replace(/\s+/g, ' ')).toContain(NOT_SIGNED_IN)
    })

    test.each(uploading)('asks for a token that lives half an hour: $path', async (example) => {
      const { variables, asked } = await session({ access_token: 'abc', expiry: '2096-12-31T23:59:59Z' })
      const { code, stderr } = await startProcess([...wordsOf(example), file], variables).finished
      expect(code, stderr).toBe(0)
      expect(asked()).toEqual([{ uuid: BOX, min_ttl: 1800 }])
    })
  })
})
